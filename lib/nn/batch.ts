import { invalidLabelAt } from '../core/check.js'
import { fail, showValue } from '../core/error.js'
import { type HostKey, permutation } from '../core/key.js'
import { type NdArray, of, takeRows } from '../core/ndarray.js'
import { type Shape, showShape, stridesOf } from '../core/shape.js'
import { fold } from '../graph/key.js'
import { type Concrete, type Specs, specsOf } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { traceOrThrow } from '../graph/trace.js'
import type { Attack, Batch, Box, Dataset, Model } from './model.js'

/** The number of examples; inputs and labels or targets that do not pair up are a DataError. */
export const exampleCount = (operation: string, { x, y }: Dataset): number => {
  const n = x.shape[0]
  return n !== undefined && y.shape[0] === n
    ? n
    : fail(
        'DataError',
        operation,
        'inputs [n, …] and labels [n] or targets [n, …]',
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
  operation: string,
  key: HostKey,
  count: number,
  size: number
): { readonly perEpoch: number; readonly rowsOf: (step: number) => Int32Array } => {
  const perEpoch = Math.floor(count / size)
  if (!(Number.isInteger(size) && size >= 1 && perEpoch >= 1)) {
    return fail('ArgumentError', operation, `a whole batch size in [1, ${count}]`, showValue(size), 'batch')
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

const outputShape = <P>(model: Model<P>, params: Specs<P>, x: Specs<Tensor>): Shape =>
  traceOrThrow((p: P, batch: Tensor) => model(p)(batch), [params, x]).graph.outputs[0]?.shape ?? []

/** The number of outputs a model gives for each example of a batch. */
export const classCount = <P>(model: Model<P>, params: Specs<P>, x: Specs<Tensor>): number =>
  outputShape(model, params, x).at(-1) ?? 0

/**
 * Refuses labels that are not [n], and a label that is not the number of a class, with a DataError that names its place: as a
 * one-hot row it would be all zeros and would pass for an example without loss.
 */
export const requireLabels = (operation: string, { shape, data }: NdArray, classes: number): void => {
  if (shape.length !== 1) fail('DataError', operation, 'labels [n]', showShape(shape), 'y')
  const invalid = invalidLabelAt(data, classes)
  if (invalid >= 0)
    fail('DataError', operation, `labels of 0 … ${classes - 1}`, `${data[invalid]}`, `y[${invalid}]`)
}

/**
 * The number of examples of a set, whose labels are checked. Where targets will do as well, what has as many axes as the outputs
 * is taken for them.
 */
export const labelledCount = <P>(
  operation: string,
  model: Model<P>,
  params: Concrete<P>,
  data: Dataset,
  { targets }: { readonly targets: boolean } = { targets: false }
): number => {
  const count = exampleCount(operation, data)
  const [p, x] = specsOf<[P, Tensor]>('labels', [params, takeExamples(data, [0]).x])
  const outputs = outputShape(model, p, x)
  if (!targets || data.y.shape.length < outputs.length) requireLabels(operation, data.y, outputs.at(-1) ?? 0)
  return count
}

/** Requires a finite box [low, high] with low < high and returns it. */
export const requireBox = (operation: string, box: Box): Box =>
  Number.isFinite(box[0]) && Number.isFinite(box[1]) && box[0] < box[1]
    ? box
    : fail(
        'ArgumentError',
        operation,
        'a finite box [low, high] with low < high',
        `[${box[0]}, ${box[1]}]`,
        'box'
      )

/** By how much of its largest bound an input may be outside a box: what float32 rounds. */
const ROUNDING = 2 ** -21

/** Refuses inputs outside the box of an attack, if it has one, with a DataError that names the first of them. */
export const requireInBox = (
  operation: string,
  { box }: Pick<Attack, 'box'>,
  { shape, data }: NdArray
): void => {
  if (box === undefined) return
  const [low, high] = requireBox(operation, box)
  const slack = ROUNDING * Math.max(Math.abs(low), Math.abs(high))
  const outside = data.findIndex((value) => !(value >= low - slack && value <= high + slack))
  if (outside < 0) return
  const place = stridesOf(shape).map((stride, axis) => Math.floor(outside / stride) % shape[axis]!)
  fail(
    'DataError',
    operation,
    `inputs in the attack's box [${low}, ${high}]: give it theirs, as box: [low, high], or scale them in the model (nn.standardise)`,
    `${data[outside]}`,
    `x[${place.join(', ')}]`
  )
}
