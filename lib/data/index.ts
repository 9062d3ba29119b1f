export { batches } from './batches.js'
export { digits, digitsSplit } from './digits/digits.js'
export { count, type Labelled, labelled, partition, take } from './labelled.js'
export * as synthetic from './synthetic.js'
