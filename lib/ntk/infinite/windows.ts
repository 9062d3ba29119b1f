import * as ops from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Frame, Window } from '../../nn/window.js'

/** Windows along one axis of an image: their size, their distance, and the frame's zeros and number of windows. */
interface Span {
  readonly size: number
  readonly stride: number
  readonly low: number
  readonly high: number
  readonly count: number
}

/** Rows and columns. */
const spansOf = ({ size, stride }: Window, { rows, columns }: Frame): readonly [Span, Span] => [
  { size: size[0], stride: stride[0], ...rows },
  { size: size[1], stride: stride[1], ...columns }
]

/** The mean over each window, moving along all the given axes at once; outside are zeros, which count. */
const meanAlong =
  ({ size, stride, low, high, count }: Span, axes: readonly number[]) =>
  (t: Tensor): Tensor => {
    if (size === 1 && stride === 1 && low === 0 && high === 0) return t
    const onAxes = (value: number, elsewhere: (axis: number) => number): number[] =>
      t.shape.map((_, axis) => (axes.includes(axis) ? value : elsewhere(axis)))
    const none = (): number => 0
    const wide = low === 0 && high === 0 ? t : ops.pad(onAxes(low, none), onAxes(high, none))(t)
    return Array.from({ length: size }, (_, at) =>
      ops.slice(
        onAxes(at, none),
        onAxes(at + (count - 1) * stride + 1, (axis) => t.shape[axis]!),
        onAxes(stride, () => 1)
      )(wide)
    )
      .map(ops.scale(1 / size))
      .reduce((sum, part) => ops.add(part)(sum))
  }

/**
 * The mean over the patches of a convolution. In [h, w, h, w] both pixels move together, in [h, w] there is only one; as
 * all places of a patch count alike, rows and columns go one after the other.
 */
export const convolve = (window: Window, frame: Frame, paired: boolean, batchAxes: number) => {
  const [rows, columns] = spansOf(window, frame)
  const along = (axis: number): number[] =>
    paired ? [batchAxes + axis, batchAxes + axis + 2] : [batchAxes + axis]
  return (t: Tensor): Tensor => meanAlong(columns, along(1))(meanAlong(rows, along(0))(t))
}

/** The mean over both pixels' windows: each of the four axes of [h, w, h, w] on its own. */
export const pool = (window: Window, frame: Frame, batchAxes: number) => {
  const [rows, columns] = spansOf(window, frame)
  return (t: Tensor): Tensor =>
    [rows, columns, rows, columns].reduce((u, span, axis) => meanAlong(span, [batchAxes + axis])(u), t)
}
