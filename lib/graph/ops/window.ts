import { option, type OptionKinds } from '../../core/options.js'
import { fail, showValue } from '../../core/error.js'
import { type Shape, showShape } from '../../core/shape.js'
import type { Tensor } from '../tensor.js'
import { pad } from './reshape.js'

/** Rows and columns; one number means both. */
export type Pair = number | readonly [number, number]

/** How windows are laid over an image. */
export interface WindowOptions {
  /** Rows and columns from one window to the next. */
  readonly stride?: Pair
  /**
   * `valid` (the default): none. A number: so many rows and columns on each side. `same`: ⌈size / stride⌉ windows, an odd
   * row or column going below and to the right.
   */
  readonly padding?: 'valid' | 'same' | Pair
}

/** The kinds of {@link WindowOptions}. */
export const windowKinds: OptionKinds<WindowOptions> = {
  stride: option.pair,
  padding: option.or(option.word('valid', 'same'), option.pair)
}

/** Windows of one size over the last two axes of images [channels, height, width]. */
export interface Window {
  readonly operation: string
  readonly size: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly padding: 'valid' | 'same' | readonly [number, number]
  /** Rows and columns from one element of a window to the next. */
  readonly dilation: readonly [number, number]
}

const pair = (operation: string, what: string, least: number, value: Pair): readonly [number, number] => {
  const both = typeof value === 'number' ? ([value, value] as const) : value
  return option.pair.is(value) && both.every((n) => Number.isInteger(n) && n >= least)
    ? both
    : fail('ArgumentError', operation, `a whole ${what} of at least ${least}, or two`, showValue(value))
}

/** Checks sizes that do not depend on the image. */
export const windowOf = (
  operation: string,
  size: Pair,
  { stride = 1, padding = 'valid' }: WindowOptions,
  dilation: Pair = 1
): Window => ({
  operation,
  size: pair(operation, 'window size', 1, size),
  stride: pair(operation, 'stride', 1, stride),
  padding: padding === 'valid' || padding === 'same' ? padding : pair(operation, 'padding', 0, padding),
  dilation: pair(operation, 'dilation', 1, dilation)
})

/** Along one axis: zeros before and after, and the number of windows. */
interface Span {
  readonly low: number
  readonly high: number
  readonly count: number
}

const spanOf = ({ size, stride, padding, dilation }: Window, axis: 0 | 1, n: number): Span => {
  const [k, s] = [(size[axis] - 1) * dilation[axis] + 1, stride[axis]]
  if (padding === 'same') {
    const count = Math.ceil(n / s)
    const total = Math.max((count - 1) * s + k - n, 0)
    return { low: Math.floor(total / 2), high: Math.ceil(total / 2), count }
  }
  const side = padding === 'valid' ? 0 : padding[axis]
  return { low: side, high: side, count: Math.floor((n + 2 * side - k) / s) + 1 }
}

/** Windows laid over images of one shape. */
export interface Frame {
  readonly rows: Span
  readonly columns: Span
}

/** Where the windows lie on images [..., channels, height, width]; an image smaller than a window is a ShapeError. */
export const frameOf = (window: Window, image: Shape): Frame => {
  const [height, width] = image.slice(-2)
  const [rows, columns] = [spanOf(window, 0, height!), spanOf(window, 1, width!)]
  return rows.count >= 1 && columns.count >= 1
    ? { rows, columns }
    : fail(
        'ShapeError',
        window.operation,
        `images of at least the window, ${showShape(window.size.map((k, axis) => (k - 1) * window.dilation[axis]! + 1))}`,
        showShape(image)
      )
}

/** The axes of one example, [channels, height, width]. */
export const imageOf = (operation: string, shape: Shape): readonly [number, number, number] => {
  const [channels, height, width, ...more] = shape
  return channels !== undefined && height !== undefined && width !== undefined && more.length === 0
    ? [channels, height, width]
    : fail(
        'ShapeError',
        operation,
        'a batch [n, channels, height, width] of examples [channels, height, width]: see nn.reshape',
        `examples ${showShape(shape)}`
      )
}

/** Images [..., height, width] with the zeros of a frame around each, or with another value. */
export const framed = (x: Tensor, { rows, columns }: Frame, value?: number): Tensor => {
  if ([rows, columns].every(({ low, high }) => low === 0 && high === 0)) return x
  const around = (last: readonly [number, number]): number[] => [...x.shape.slice(2).map(() => 0), ...last]
  return pad(
    around([rows.low, columns.low]),
    around([rows.high, columns.high]),
    value === undefined ? {} : { value }
  )(x)
}
