import type { Key } from '../graph/key.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'

/**
 * A function of parameters and a batch of inputs, as `network.apply`. With a key, as objectives of a training give it for each
 * step, layers such as `nn.dropout` draw from it; without one they are as they are evaluated.
 */
export type Model<P> = (params: P, key?: Key) => (x: Tensor) => Tensor

/**
 * A labelled batch: inputs [n, …], labels [n] or targets [n, …], and, where noise must stay with a sample wherever it is in a
 * batch, the samples' ids [n].
 */
export type Batch = {
  /** Inputs, [n, …]. */
  readonly x: Tensor
  /** Labels, [n], or targets, [n, …]. */
  readonly y: Tensor
  /** A number for each sample, [n], which selects its random numbers. */
  readonly ids?: Tensor
}

/**
 * An attack: given a model, a traced function from parameters, a labelled batch and a key to adversarial inputs of the
 * batch's shape. The inputs are constants to every derivative (Danskin's theorem), so attacks nest in losses and kernels.
 */
export interface Attack {
  <P>(model: Model<P>): (
    params: P,
    batch: Batch,
    key: Key
  ) => {
    /** The attacked inputs, of the shape of the clean ones. */
    readonly x: Tensor
  }
  /** The box that it keeps inputs in: whoever has concrete inputs refuses those outside it with a DataError. */
  readonly box?: Box | undefined
}

/** The interval of valid inputs, [low, high], the same for every feature. */
export type Box = readonly [low: number, high: number]

/** A concrete set of examples with labels, [n], or with targets of any shape [n, …]. */
export type Dataset = Concrete<{
  /** Inputs, [n, …]. */
  readonly x: Tensor
  /** Labels, [n], or targets, [n, …]. */
  readonly y: Tensor
}>
