import { fail } from '../core/error.js'
import { of, takeRows } from '../core/ndarray.js'
import { permutation } from '../core/key.js'
import type { HostKey } from '../core/key.js'
import { showShape } from '../core/shape.js'
import { fold, type Key } from '../graph/key.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'

/** A function of parameters and a batch of inputs, as `network.apply`. */
export type Model<P> = (params: P) => (x: Tensor) => Tensor

/**
 * A labelled batch: inputs [n, …], labels [n], and, where noise must stay with a sample wherever it stands in a
 * batch, the samples' ids [n].
 */
export type Batch = { readonly x: Tensor; readonly y: Tensor; readonly ids?: Tensor }

/**
 * An attack: given a model, a traced function from parameters, a labelled batch and a key to adversarial inputs of the
 * batch's shape. The inputs are constants to every derivative (Danskin's theorem), so attacks nest in losses and kernels.
 */
export type Attack = <P>(model: Model<P>) => (params: P, batch: Batch, key: Key) => { readonly x: Tensor }

/** A concrete labelled set of examples. */
export type Dataset = Concrete<{ readonly x: Tensor; readonly y: Tensor }>

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
 * examples that do not fill a last batch are left out of that epoch. One epoch's shuffle is kept, so steps are best
 * asked for in order.
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
