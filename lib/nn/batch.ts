import { invalidLabelAt } from '../core/check.js'
import { fail } from '../core/error.js'
import { type HostKey, permutation } from '../core/key.js'
import { of, takeRows } from '../core/ndarray.js'
import { showShape } from '../core/shape.js'
import { fold } from '../graph/key.js'
import { type Concrete, specsOf } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { traceOrThrow } from '../graph/trace.js'
import type { Batch, Dataset, Model } from './model.js'

/** The number of examples; inputs and labels that do not pair up are a DataError. */
export const exampleCount = (operation: string, { x, y }: Dataset): number => {
  const n = x.shape[0]
  return n !== undefined && y.shape.length === 1 && y.shape[0] === n
    ? n
    : fail(
        'DataError',
        operation,
        'inputs [n, …] and labels [n]',
        `${showShape(x.shape)} and ${showShape(y.shape)}`
      )
}

/** The given examples, with their places in the set as ids. */
export const takeExamples = ({ x, y }: Dataset, rows: ArrayLike<number>): Concrete<Required<Batch>> => ({
  x: takeRows('nn.takeExamples', x, rows),
  y: takeRows('nn.takeExamples', y, rows),
  ids: of([rows.length], Float32Array.from(rows))
})

/**
 * The rows of one step: each epoch walks through a shuffle of its own, `permutation(fold(epoch)(key))`, and the
 * examples that do not fill a last batch are left out of that epoch. Only the last epoch's shuffle is stored, so
 * steps are best taken in order.
 */
export const shuffledRows = (
  key: HostKey,
  count: number,
  size: number
): { readonly perEpoch: number; readonly rowsOf: (step: number) => Int32Array } => {
  const perEpoch = Math.floor(count / size)
  if (!(Number.isInteger(size) && size >= 1 && perEpoch >= 1)) {
    return fail('ArgumentError', 'batches', `a whole batch size in [1, ${count}]`, `${size}`)
  }
  let known: { readonly epoch: number; readonly order: Int32Array } | undefined
  return {
    perEpoch,
    rowsOf: (step) => {
      const epoch = Math.floor(step / perEpoch)
      if (known?.epoch !== epoch) known = { epoch, order: permutation(fold(epoch)(key), count) }
      const start = (step - epoch * perEpoch) * size
      return known.order.slice(start, start + size)
    }
  }
}

/** The number of outputs a model gives for one example of a set. */
const classCount = <P>(model: Model<P>, params: Concrete<P>, data: Dataset): number | undefined => {
  const args = [params, takeExamples(data, [0]).x]
  const traced = traceOrThrow((p: P, x: Tensor) => model(p)(x), specsOf<[P, Tensor]>('labels', args))
  return traced.graph.outputs[0]?.shape.at(-1)
}

/**
 * The number of examples of a set to classify. A label that is not the number of one of the model's classes is a DataError
 * naming its place: as a one-hot row it would be all zeros and would pass for an example without loss.
 */
export const labelledCount = <P>(
  operation: string,
  model: Model<P>,
  params: Concrete<P>,
  data: Dataset
): number => {
  const count = exampleCount(operation, data)
  const classes = classCount(model, params, data) ?? 0
  const invalid = invalidLabelAt(data.y.data, classes)
  if (invalid >= 0) {
    fail('DataError', operation, `labels of 0 … ${classes - 1}`, `${data.y.data[invalid]}`, `y[${invalid}]`)
  }
  return count
}
