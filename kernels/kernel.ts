/**
 * Sources of GPU kernels: a description of a loop nest or of a cell's value goes in, a `Kernel` comes out, its source a text
 * in the language of gpu.js. Nothing here knows graphs or tensors, so the folder has no index: engines import the families
 * (`pointwise.ts`, `reduce.ts`, `topk.ts`, `bisection.ts`) and the arithmetic of coordinates. To add a scalar function, add
 * a row to `elementary.ts`, or to `scalar.ts` if it is an operator of the language, with its choices by `choice.ts`; a backend
 * needs its columns in `variants.ts`.
 */

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

/** How the code of one function is written: its operands are names or literals, `keep` names an intermediate result. */
export type ScalarCode = (operands: readonly string[], keep: (text: string) => string) => string

/** A function of single numbers as kernels write it. */
export interface ScalarFunction {
  /** The code on every backend that has none of its own. */
  readonly code: ScalarCode
  /** In cpu mode, where a kernel is plain JavaScript. */
  readonly cpu?: ScalarCode
  /** On GPUs, whose own elementary functions may be rough. */
  readonly gpu?: ScalarCode
  /** On webasm, where a call out of WebAssembly takes 17 ns an element and ends a vector; arithmetic stays in lanes. */
  readonly webasm?: ScalarCode
  /** Whether its result is rounded to float32; cpu mode, which computes in float64, then has to be told to. */
  readonly rounds: boolean
  /** Arithmetic operations an element, where a call out of WebAssembly counts as 25. */
  readonly cost: number
}
