import { type NdArray, of, takeRows } from '../../core/ndarray.js'
import { sizeOf } from '../../core/shape.js'
import type { Tile } from './tiles.js'

/** A block of a kernel: where it stands, and its elements, [rows, columns, …]. */
export interface KernelBlock {
  readonly row: number
  readonly column: number
  readonly value: NdArray
}

/** `length` examples from `start` on; the last one again where there are too few. */
export const paddedRows = (x: NdArray, start: number, length: number): NdArray =>
  takeRows(
    'ntk.tiled',
    x,
    Array.from({ length }, (_, i) => Math.min(start + i, x.shape[0]! - 1))
  )

/** The part of a padded block that is meant. */
export const cropped = ({ row, rows, column, columns }: Tile, value: NdArray): KernelBlock => {
  const [, width, ...inner] = value.shape
  const size = sizeOf(inner)
  if (value.shape[0] === rows && width === columns) return { row, column, value }
  const data = new Float32Array(rows * columns * size)
  for (let i = 0; i < rows; i++) {
    const from = i * width! * size
    data.set(value.data.subarray(from, from + columns * size), i * columns * size)
  }
  return { row, column, value: of([rows, columns, ...inner], data) }
}

/** The block on the other side of the diagonal of a symmetric kernel: Θ(Y, X)[m, n, p, o] = Θ(X, Y)[n, m, o, p]. */
export const mirrored = ({ row, column, value: { shape, data } }: KernelBlock): KernelBlock => {
  const [rows, columns, ...inner] = shape as readonly [number, number, ...number[]]
  const [o = 1, p = 1] = inner
  const isSquare = inner.length === 2
  const out = new Float32Array(data.length)
  const size = o * p
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let k = 0; k < size; k++) {
        const turned = isSquare ? (k % p) * o + Math.floor(k / p) : k
        out[(j * rows + i) * size + turned] = data[(i * columns + j) * size + k]!
      }
  return { row: column, column: row, value: of([columns, rows, ...inner], out) }
}

/** Writes a block into the whole kernel, whose rows are `width` examples long. */
export const place = (whole: Float32Array, width: number, { row, column, value }: KernelBlock): void => {
  const [rows, columns, ...inner] = value.shape as readonly [number, number, ...number[]]
  const size = sizeOf(inner)
  for (let i = 0; i < rows; i++)
    whole.set(
      value.data.subarray(i * columns * size, (i + 1) * columns * size),
      ((row + i) * width + column) * size
    )
}
