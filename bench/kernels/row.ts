import type { Tensor } from '../../lib/index.js'

/** A tensor of TensorFlow.js. */
export interface TfTensor {
  readonly shape: number[]
  readonly data: () => Promise<Float32Array>
  readonly dispose: () => void
}

/** The part of TensorFlow.js that the rows use. */
export interface Tf {
  readonly setBackend: (name: string) => Promise<boolean>
  readonly ready: () => Promise<void>
  readonly tensor: (data: Float32Array, shape: readonly number[]) => TfTensor
  readonly tidy: (work: () => TfTensor) => TfTensor
  readonly matMul: (a: TfTensor, b: TfTensor, left: boolean, right: boolean) => TfTensor
  readonly add: (a: TfTensor, b: TfTensor) => TfTensor
  readonly mul: (a: TfTensor, b: TfTensor) => TfTensor
  readonly relu: (x: TfTensor) => TfTensor
  readonly exp: (x: TfTensor) => TfTensor
  readonly tanh: (x: TfTensor) => TfTensor
  readonly transpose: (x: TfTensor) => TfTensor
  readonly sum: (x: TfTensor, axis: number) => TfTensor
  readonly max: (x: TfTensor, axis: number) => TfTensor
  readonly logSumExp: (x: TfTensor, axis: number) => TfTensor
  readonly softmax: (x: TfTensor) => TfTensor
}

/** A row's operation in TensorFlow.js. */
export type TfOps = (tf: Tf, args: readonly TfTensor[]) => TfTensor

/** An array of jax-js: `ref` keeps it alive through one more use, and every use consumes one. */
export interface JaxArray {
  readonly ref: JaxArray
  readonly shape: number[]
  readonly reshape: (shape: readonly number[]) => JaxArray
  readonly data: () => Promise<Float32Array>
  readonly dispose: () => void
}

type Unary = (x: JaxArray) => JaxArray
type Binary = (x: JaxArray, y: JaxArray) => JaxArray
type Along = (x: JaxArray, axis: number) => JaxArray

/** The part of jax-js that the rows use. */
export interface Jax {
  readonly init: (...devices: readonly string[]) => Promise<readonly string[]>
  readonly defaultDevice: (device: string) => string
  readonly numpy: {
    readonly array: (data: Float32Array) => JaxArray
    readonly matmul: Binary
    readonly outer: Binary
    readonly add: Binary
    readonly multiply: Binary
    readonly less: Binary
    readonly where: (condition: JaxArray, x: JaxArray, y: JaxArray) => JaxArray
    readonly negative: Unary
    readonly transpose: Unary
    readonly exp: Unary
    readonly tanh: Unary
    readonly sum: Along
    readonly max: Along
  }
  readonly nn: { readonly relu: Unary; readonly softmax: Unary; readonly logsumexp: Along }
  readonly lax: {
    readonly conv: (x: JaxArray, w: JaxArray, strides: readonly number[], padding: string) => JaxArray
  }
  readonly jit: (f: (...args: readonly JaxArray[]) => JaxArray) => (...args: readonly JaxArray[]) => JaxArray
  readonly blockUntilReady: <T>(values: T) => Promise<T>
}

/** A row's operation in jax-js. */
export type JaxOps = (jax: Jax, args: readonly JaxArray[]) => JaxArray

/** A kernel written as one writes it first: one cell an element, every operand as it lies, a counting loop. */
export interface Naive {
  readonly source: string
  /** gpu.js order: x, y, z. */
  readonly output: readonly number[]
}

/** One row of the kernel suite: an operation at a size. */
export interface KernelRow {
  readonly family: string
  readonly name: string
  readonly f: (...args: readonly Tensor[]) => Tensor
  readonly shapes: readonly (readonly number[])[]
  /** Floating-point operations of one application: multiplications and additions, or functions applied. */
  readonly flops: number
  /** How often a run applies it, so that upload and read-back are a small part of a run. */
  readonly repeat: number
  readonly naive?: Naive
  readonly tfjs?: TfOps
  readonly jax?: JaxOps
  /** The fastest that is known for this machine, in GFLOP/s, and whose it is. */
  readonly best?: { readonly name: string; readonly gflops: number }
}

/** `contract: matmul NN 512³` */
export const nameOf = ({ family, name }: KernelRow): string => `${family}: ${name}`
