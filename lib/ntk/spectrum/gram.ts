import { fail } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import { type Shape, showShape, sizeOf } from '../../core/shape.js'

/**
 * A concrete kernel as matrices. `mean`, [n, m]: one matrix that acts on each output by itself (Θ ⊗ I). `diag`, [n, m, o]:
 * a matrix for each output. `full`, [n, m, o, o]: one matrix over pairs (example, output).
 */
export interface Gram {
  readonly layout: 'mean' | 'diag' | 'full'
  readonly examples: readonly [rows: number, columns: number]
  /** The number of outputs in the kernel; undefined for `mean`, which fits any number. */
  readonly outputs: number | undefined
  /** Each is [height, width], row-major. */
  readonly matrices: readonly Float64Array[]
  readonly height: number
  readonly width: number
  /** Whether the elements are from float32, so that differences of 2⁻²⁴ of the largest mean nothing. */
  readonly single: boolean
}

const layoutOf = ['mean', 'diag', 'full'] as const

/** The elements as they are, or one matrix for each output, or (example, output) by (example, output). */
const matricesOf: {
  readonly [L in Gram['layout']]: (
    data: NdArray['data'],
    n: number,
    m: number,
    o: number
  ) => readonly Float64Array[]
} = {
  mean: (data) => [Float64Array.from(data)],
  diag: (data, n, m, o) =>
    Array.from({ length: o }, (_, k) => Float64Array.from({ length: n * m }, (_e, i) => data[i * o + k]!)),
  full: (data, n, m, o) => {
    const matrix = new Float64Array(n * o * m * o)
    let at = 0
    for (let i = 0; i < n; i++)
      for (let j = 0; j < m; j++)
        for (let a = 0; a < o; a++)
          for (let b = 0; b < o; b++) matrix[(i * o + a) * m * o + j * o + b] = data[at++]!
    return [matrix]
  }
}

/** Requires all elements to be finite; another is a DataError that says where it is. */
export const requireFiniteElements = (operation: string, data: ArrayLike<number>, where: string): void => {
  for (let i = 0; i < data.length; i++)
    if (!Number.isFinite(data[i]))
      fail('DataError', operation, 'finite numbers', `${data[i]}`, `${where}[${i}]`)
}

/** The elements of an array in float64; one that is not finite is a DataError. */
export const finite = (operation: string, { data }: NdArray, where: string): Float64Array => {
  requireFiniteElements(operation, data, where)
  return Float64Array.from(data)
}

/** A kernel in any of its layouts, square or not; another shape is a ShapeError, a NaN or infinity a DataError. */
export const gramOf = (operation: string, { shape, data }: NdArray, where = 'kernel'): Gram => {
  const [n = 0, m = 0, o = 1, p = o] = shape
  const layout = layoutOf[shape.length - 2]
  if (layout === undefined || o !== p) {
    return fail(
      'ShapeError',
      operation,
      'a kernel [n, m], [n, m, o] or [n, m, o, o]',
      showShape(shape),
      where
    )
  }
  requireFiniteElements(operation, data, where)
  const side = layout === 'full' ? o : 1
  return {
    layout,
    examples: [n, m],
    outputs: layout === 'mean' ? undefined : o,
    matrices: matricesOf[layout](data, n, m, o),
    height: n * side,
    width: m * side,
    single: data instanceof Float32Array
  }
}

/** The largest magnitude of the elements. */
export const peakOf = (elements: Float64Array): number =>
  elements.reduce((most, x) => Math.max(most, Math.abs(x)), 0)

/** How unequal K_ij and K_ji may be, as a part of the largest |K_ij|: float32 sums of another order differ by less. */
const ASYMMETRY = 1e-5

const symmetrise = (operation: string, matrix: Float64Array, n: number): Float64Array => {
  const peak = peakOf(matrix)
  return matrix.map((x, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    const y = matrix[j * n + i]!
    return Math.abs(x - y) <= ASYMMETRY * peak
      ? x / 2 + y / 2
      : fail(
          'ArgumentError',
          operation,
          'a symmetric kernel',
          `${x} and ${y} at [${i}, ${j}] and [${j}, ${i}]`
        )
  })
}

/** As {@link gramOf} for Θ(X, X): not square is a ShapeError, not symmetric beyond rounding an ArgumentError. */
export const symmetricGramOf = (operation: string, kernel: NdArray): Gram => {
  const gram = gramOf(operation, kernel)
  const [n, m] = gram.examples
  return n === m
    ? { ...gram, matrices: gram.matrices.map((matrix) => symmetrise(operation, matrix, gram.height)) }
    : fail('ShapeError', operation, 'as many rows as columns of examples', showShape(kernel.shape), 'kernel')
}

/** A vector in outputs [examples, outputs], elements offset + i · stride, and the matrix that acts on it. */
export interface Column {
  readonly matrix: number
  readonly offset: number
  readonly stride: number
}

/** All vectors in outputs [examples, outputs] that the kernel acts on. */
export const columnsOf = ({ layout }: Pick<Gram, 'layout'>, outputs: number): readonly Column[] =>
  layout === 'full'
    ? [{ matrix: 0, offset: 0, stride: 1 }]
    : Array.from({ length: outputs }, (_, o) => ({
        matrix: layout === 'diag' ? o : 0,
        offset: o,
        stride: outputs
      }))

/**
 * The number of outputs of a shape [examples, outputs], or [examples] for one; a shape that does not match the kernel is a
 * ShapeError.
 */
export const outputCount = (operation: string, gram: Gram, shape: Shape, where: string): number => {
  const [examples] = gram.examples
  const outputs = sizeOf(shape.slice(1))
  return (shape.length === 1 || shape.length === 2) &&
    shape[0] === examples &&
    (gram.outputs ?? outputs) === outputs
    ? outputs
    : fail(
        'ShapeError',
        operation,
        `outputs [${examples}, ${gram.outputs ?? 'o'}] that match the kernel`,
        showShape(shape),
        where
      )
}

/** Θ v, with v [columns, outputs] and the result [rows, outputs]. */
export const applyGram = (gram: Gram, v: Float64Array, outputs: number): Float64Array => {
  const { height, width, examples } = gram
  const out = new Float64Array(examples[0] * outputs)
  for (const { matrix, offset, stride } of columnsOf(gram, outputs)) {
    const elements = gram.matrices[matrix]!
    for (let i = 0; i < height; i++) {
      let sum = 0
      for (let j = 0; j < width; j++) sum += elements[i * width + j]! * v[offset + j * stride]!
      out[offset + i * stride] = sum
    }
  }
  return out
}
