import type { Shape } from '../../core/shape.js'
import type { OpOf, OpTag } from '../../graph/op.js'
import type { Builder, Value } from './builder.js'
import { pooledTiles } from './pool.js'
import { asFloat, expanded, one, reshaped } from './views.js'

/** Writes one primitive of a single argument, given the argument's shape and the result's. */
export type LowerUnary<T extends OpTag> = (
  build: Builder,
  op: OpOf<T>,
  value: Value,
  from: Shape,
  to: Shape
) => Value

const isSingle = ({ dims }: Value): boolean => dims.every((n) => n === 1)

/** A reshape; one number repeated stays one number. */
export const reshape: LowerUnary<'reshape'> = (build, _op, value, from, to) =>
  isSingle(value)
    ? reshaped(
        build,
        value,
        to.map(() => 1)
      )
    : reshaped(build, expanded(build, value, from), to)

/** The axes where something happens, with what happens there. */
interface Cut {
  readonly axis: number
  readonly start: number
  readonly limit: number
  readonly stride: number
}

const cut = (build: Builder, value: Value, wanted: readonly Cut[]): Value => {
  const cuts = wanted.filter(
    ({ axis, start, limit, stride }) => start > 0 || limit < value.dims[axis]! || stride > 1
  )
  if (cuts.length === 0) return value
  const dims = value.dims.map((n, axis) => {
    const found = cuts.find((each) => each.axis === axis)
    return found === undefined ? n : Math.ceil((found.limit - found.start) / found.stride)
  })
  const inputs = [
    value,
    build.ints(cuts.map(({ start }) => start)),
    build.ints(cuts.map(({ limit }) => limit)),
    build.ints(cuts.map(({ axis }) => axis)),
    build.ints(cuts.map(({ stride }) => stride))
  ]
  return one(build, 'Slice', inputs, dims, {}, value.type)
}

/** A slice; of a repeated axis every slice is the same. */
export const slice: LowerUnary<'slice'> = (build, { start, limit, stride }, value, from) =>
  cut(
    build,
    value,
    value.dims.flatMap((n, axis) =>
      n === from[axis] ? [{ axis, start: start[axis]!, limit: limit[axis]!, stride: stride[axis]! }] : []
    )
  )

/** Zeros before and after along every axis; a negative amount takes elements away. */
const border = (build: Builder, value: Value, low: readonly number[], high: readonly number[]): Value =>
  low.every((n) => n === 0) && high.every((n) => n === 0)
    ? value
    : one(
        build,
        'Pad',
        [value, build.ints([...low, ...high])],
        value.dims.map((n, axis) => low[axis]! + n + high[axis]!)
      )

/**
 * Zeros around and between. Those between: every axis gets an inner one of size 1, which is padded to 1 + interior and
 * merged back; the zeros after the last element are then too many and are taken off the border.
 */
const padded = (
  build: Builder,
  value: Value,
  { low, high, interior }: Pick<OpOf<'pad'>, 'low' | 'high' | 'interior'>
): Value => {
  const spread = value.dims.flatMap((n, axis) => (interior[axis] === 0 ? [n] : [n, 1]))
  const zeros = value.dims.flatMap((_, axis) => (interior[axis] === 0 ? [0] : [0, interior[axis]!]))
  const apart = border(
    build,
    reshaped(build, value, spread),
    spread.map(() => 0),
    zeros
  )
  const merged = reshaped(
    build,
    apart,
    value.dims.map((n, axis) => n * (interior[axis]! + 1))
  )
  return border(
    build,
    merged,
    low,
    high.map((n, axis) => n - interior[axis]!)
  )
}

export const pad: LowerUnary<'pad'> = (build, op, value, from) =>
  padded(build, expanded(build, asFloat(build, value), from), op)

export const concat = (
  build: Builder,
  axis: number,
  values: readonly Value[],
  shapes: readonly Shape[],
  to: Shape
): Value => {
  const type = values.every((value) => value.type === 'bool') ? 'bool' : 'float'
  const whole = values.map((value, k) =>
    expanded(build, type === 'bool' ? value : asFloat(build, value), shapes[k]!)
  )
  return whole.length === 1 ? whole[0]! : one(build, 'Concat', whole, to, { axis }, type)
}

/** The largest element; over a repeated axis it is the element. */
export const reduceMax: LowerUnary<'reduceMax'> = (build, { axes }, value) => {
  const moving = axes.filter((axis) => value.dims[axis] !== 1)
  const input = asFloat(build, value)
  const largest =
    moving.length === 0
      ? input
      : (pooledTiles(build, 'MaxPool', input, moving) ??
        one(
          build,
          'ReduceMax',
          [input],
          value.dims.filter((_, axis) => !moving.includes(axis)),
          { axes: moving, keepdims: 0 }
        ))
  return reshaped(
    build,
    largest,
    value.dims.filter((_, axis) => !axes.includes(axis))
  )
}

/** The values along a new axis. */
const stack = (build: Builder, values: readonly Value[], axis: number): Value => {
  const widened = values.map((value) => reshaped(build, value, value.dims.toSpliced(axis, 0, 1)))
  const dims = values[0]!.dims.toSpliced(axis, 0, values.length)
  return widened.length === 1 ? widened[0]! : one(build, 'Concat', widened, dims, { axis })
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Windows along one axis: at `axis` their number, at `at` their length. */
const windows = (
  build: Builder,
  value: Value,
  axis: number,
  at: number,
  length: number,
  stride: number
): Value => {
  const span = Math.floor((value.dims[axis]! - length) / stride) * stride + 1
  return stack(
    build,
    range(length).map((start) => cut(build, value, [{ axis, start, limit: start + span, stride }])),
    at
  )
}

/** Rows first, then columns: kh + kw slices instead of kh · kw. */
export const unfold: LowerUnary<'unfold'> = (build, { kernel, stride }, value, from) => {
  const rank = from.length
  const whole = expanded(build, asFloat(build, value), from)
  const rows = windows(build, whole, rank - 2, rank - 2, kernel[0], stride[0])
  return windows(build, rows, rank, rank - 1, kernel[1], stride[1])
}

/** The transpose of {@link windows}: each window's entries spread out to the places they came from, and added. */
const overlap = (
  build: Builder,
  value: Value,
  axis: number,
  at: number,
  stride: number,
  size: number
): Value => {
  const length = value.dims[at]!
  const inner = axis > at ? axis - 1 : axis
  const parts = range(length).map((start) => {
    const dims = value.dims.toSpliced(at, 1)
    const part = cut(build, value, [{ axis: at, start, limit: start + 1, stride: 1 }])
    const only = (amount: number): number[] => dims.map((_, each) => (each === inner ? amount : 0))
    return padded(build, reshaped(build, part, dims), {
      low: only(start),
      high: only(size - start - (dims[inner]! - 1) * stride - 1),
      interior: only(stride - 1)
    })
  })
  return parts.length === 1 ? parts[0]! : one(build, 'Sum', parts, parts[0]!.dims)
}

/** Columns first, then rows. */
export const foldBySums: LowerUnary<'fold'> = (build, { stride, size }, value, from) => {
  const rank = from.length - 2
  const whole = expanded(build, asFloat(build, value), from)
  const rows = overlap(build, whole, rank + 1, rank - 1, stride[1], size[1])
  return overlap(build, rows, rank - 1, rank - 2, stride[0], size[0])
}

/** 0, 1, 2 … along one axis, repeated along the others. */
export const iota = (build: Builder, axis: number, shape: Shape): Value =>
  build.floats({
    _tag: 'NdArray',
    shape: shape.map((n, each) => (each === axis ? n : 1)),
    data: Float32Array.from({ length: shape[axis]! }, (_, i) => i)
  })
