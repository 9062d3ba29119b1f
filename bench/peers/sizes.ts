import { fold, key, type NdArray, ndarray, uniforms } from '../../lib/index.js'

// What a case and its peers have to agree on: sizes, and the numbers that every candidate gets. Cases import peers, never the
// other way round.

/** Sizes and step size of the training step of an MLP. */
export interface MlpSizes {
  readonly batch: number
  readonly inputs: number
  readonly hidden: number
  readonly classes: number
  readonly rate: number
}

/** The parameters of an MLP with one hidden layer. A type, not an interface, so that it is a tree. */
export type MlpParams<A> = { readonly w1: A; readonly b1: A; readonly w2: A; readonly b2: A }

/** Everything that the training step of an MLP takes. */
export interface MlpData {
  readonly sizes: MlpSizes
  readonly x: NdArray
  /** One-hot rows. */
  readonly y: NdArray
  readonly params: MlpParams<NdArray>
}

/** Sizes and step size of the training step of a convolutional network. */
export interface CnnSizes {
  readonly batch: number
  /** Rows and columns of an image of one channel. */
  readonly size: number
  readonly channels: readonly [number, number]
  readonly kernel: number
  readonly hidden: number
  readonly classes: number
  readonly rate: number
}

/** Everything that the training step of a convolutional network takes. */
export interface CnnData {
  readonly sizes: CnnSizes
  readonly x: NdArray
  /** One-hot rows. */
  readonly y: NdArray
  /** w1, b1 … w4, b4. */
  readonly params: { readonly [name: string]: NdArray }
}

/** Examples on each side of a kernel, and the widths of a network of three dense layers. */
export interface KernelSizes {
  readonly n: number
  readonly widths: readonly [number, number, number, number]
}

/** Sizes of an attack on an MLP with one hidden layer. */
export interface AttackSizes {
  readonly batch: number
  readonly inputs: number
  readonly hidden: number
  readonly classes: number
  readonly steps: number
}

/** Random labels, the same for every candidate, as one-hot rows. */
export const oneHotLabels = (batch: number, classes: number): NdArray => {
  const y = new Float32Array(batch * classes)
  uniforms(fold(9)(key(0)), batch).forEach((u, row) => (y[row * classes + Math.floor(u * classes)] = 1))
  return ndarray.of([batch, classes], y)
}
