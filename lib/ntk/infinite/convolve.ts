import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Frame, Window } from '../../graph/ops/window.js'
import { type CorrelatedUnits, directSum } from './correlation.js'

/** Windows along one axis of an image: their size, their distance, the zeros before and after, and their number. */
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

/** What is at each place of the windows, moving along all the given axes at once; zeros outside the image count. */
const placesAlong =
  ({ size, stride, low, high, count }: Span, axes: readonly number[]) =>
  (t: Tensor): readonly Tensor[] => {
    if (size === 1 && stride === 1 && low === 0 && high === 0) return [t]
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
  }

/** The mean over each window, moving along all the given axes at once. */
const meanAlong =
  (span: Span, axes: readonly number[]) =>
  (t: Tensor): Tensor => {
    const places = placesAlong(span, axes)(t)
    return places.length === 1
      ? places[0]!
      : ops.div(places.length)(places.reduce((sum, part) => ops.add(part)(sum)))
  }

/** The pairs of units that are made of those at each place of a window, without weights: how long they are does not matter. */
export const convolveUnits =
  (window: Window, frame: Frame, paired: boolean) =>
  (units: CorrelatedUnits): CorrelatedUnits =>
    spansOf(window, frame).reduce<CorrelatedUnits>((state, span, axis) => {
      const [one, other] = [2 + axis, paired ? 4 + axis : 2 + axis]
      const a = placesAlong(span, [one])(state.a)
      const b = placesAlong(span, [other])(state.b)
      const [below, above] = [state.below, state.above].map(placesAlong(span, [...new Set([one, other])]))
      return directSum(
        a.map((deviation, k) => ({ a: deviation, b: b[k]!, below: below![k]!, above: above![k]! }))
      )
    }, units)

/**
 * The mean over the patches of a convolution. In [h, w, h, w] both pixels move together, in [h, w] there is only one; all
 * places of a patch have the same weight, so rows and columns are averaged one after the other.
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
