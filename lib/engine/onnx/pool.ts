import { type Shape, sizeOf } from '../../core/shape.js'
import type { Builder, Value } from './builder.js'
import { one, reshaped } from './views.js'

/** What a window is reduced to. */
export type Pooling = 'MaxPool' | 'AveragePool'

/** Windows longer than this are reduced as any other axes. */
const LONGEST = 16

/** Images [m, height, width] whose windows lie side by side. */
interface Tiles {
  readonly images: Shape
  readonly kernel: readonly [number, number]
  readonly result: Shape
}

/**
 * Whether axes to reduce are the rows and columns of windows side by side, [..., rows, kh, columns, kw]: axes of size 1
 * aside, the last and another one, with axes that stay in between.
 */
const tilesOf = (dims: Shape, axes: readonly number[]): Tiles | undefined => {
  const real = dims.flatMap((n, axis) => (n === 1 ? [] : [axis]))
  const moving = real.filter((axis) => axes.includes(axis))
  const [p, q] = moving
  if (p === undefined || q === undefined || moving.length !== 2 || q !== real.at(-1)) return undefined
  const kernel = [dims[p]!, dims[q]!] as const
  const columns = sizeOf(dims.slice(p + 1, q))
  if (columns === 1 || kernel.some((n) => n > LONGEST)) return undefined
  const rows = dims[p - 1] ?? 1
  const count = sizeOf(dims.slice(0, Math.max(p - 1, 0)))
  return {
    images: [count, rows * kernel[0], columns * kernel[1]],
    kernel,
    result: [count, rows, columns]
  }
}

/** Pools images [count, height, width]. They are no channels: those ONNX Runtime would bring into blocks and back. */
export const pool = (
  build: Builder,
  pooling: Pooling,
  value: Value,
  [count, height, width]: Shape,
  kernel: readonly [number, number],
  stride: readonly [number, number],
  [, rows, columns]: Shape
): Value =>
  one(build, pooling, [reshaped(build, value, [count!, 1, height!, width!])], [count!, 1, rows!, columns!], {
    kernel_shape: kernel,
    strides: stride
  })

/**
 * A reduction over windows side by side as pooling, the axes removed, or undefined where the axes are no such windows.
 * For windows of 2 × 2, 0.15 instead of 0.64 ms (64 × 16 images of 28 × 28).
 */
export const pooledTiles = (
  build: Builder,
  pooling: Pooling,
  value: Value,
  axes: readonly number[]
): Value | undefined => {
  const tiles = tilesOf(value.dims, axes)
  if (tiles === undefined) return undefined
  const kept = value.dims.filter((_, axis) => !axes.includes(axis))
  return reshaped(
    build,
    pool(build, pooling, value, tiles.images, tiles.kernel, tiles.kernel, tiles.result),
    kept
  )
}
