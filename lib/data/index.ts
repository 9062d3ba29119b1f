export { batches } from './batches.js'
export { cifar10 } from './cifar10.js'
export { digits, digitsSplit } from './digits/digits.js'
export { idx, type IdxOptions } from './idx.js'
export { count, type Labelled, labelled, moments, partition, take } from './labelled.js'
export {
  published,
  type PublishedFile,
  type PublishedName,
  publishedNames,
  type PublishedSet
} from './published.js'
export { classCounts, shaped, split } from './split.js'
export * as synthetic from './synthetic.js'
