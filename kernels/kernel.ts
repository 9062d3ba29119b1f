/** The gpu.js backends a kernel can be written for. */
export type KernelBackend = 'webasm' | 'cpu' | 'webgpu' | 'webgl2' | 'headlessgl'

/** One gpu.js kernel: its source, the size of its output and the arrays it reads, in the order of its arguments. */
export interface Kernel {
  /** The family, for error messages and listings. */
  readonly name: string
  /** A `function (…) { … }` in the language of gpu.js. */
  readonly source: string
  /** gpu.js order: x, then y, then z. The elements lie row-major, x innermost. */
  readonly output: readonly number[]
  /** How many numbers a cell gives: 1, or 4 that later kernels read as one element. */
  readonly components: 1 | 4
  /** The largest number that its index arithmetic divides in float32, which is exact up to 2²³. */
  readonly divides: number
  /** What the caller called the arrays, one for each argument. */
  readonly arrays: readonly number[]
  readonly cost: CellCost
}

/** An estimate of what one cell takes. */
export interface CellCost {
  /** Arithmetic operations and calls, index arithmetic not among them. */
  readonly flops: number
  /** Elements read. */
  readonly loads: number
}
