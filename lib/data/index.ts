/**
 * Labelled data sets as values: the bundled digits, synthetic sets made from a key, and readers of the bytes in which MNIST,
 * Fashion-MNIST and CIFAR-10 are published. Every source gives a `Labelled`; `split`, `batches`, `take`, `slice` and `partition` divide one.
 * Files are found and read by `io`. A published set is a name and an entry in `published`; a new byte format is a file here and a
 * case in `io/load-set`.
 */
export { cifar10 } from './cifar10.js'
export { digits, digitsSplit } from './digits/index.js'
export { idx, type IdxHeader, idxHeader, type IdxOptions } from './idx.js'
export {
  batches,
  classCounts,
  count,
  type Labelled,
  labelled,
  moments,
  partition,
  shaped,
  slice,
  split,
  take
} from './labelled.js'
export {
  published,
  type PublishedFile,
  type PublishedName,
  publishedNames,
  type PublishedSet
} from './published.js'
export * as synthetic from './synthetic.js'
