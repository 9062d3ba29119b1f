import type { OpOf } from '../../graph/op.js'
import type { Builder, LowerOnnx, OnnxValue } from './builder.js'
import { asFloat, expanded, reshaped, wholeFloat } from './views.js'

/** A reshape; one number repeated stays one number. */
const reshape: LowerOnnx<'reshape'> = (build, _op, [x], { inputs, shape }) =>
  x!.dims.every((n) => n === 1)
    ? reshaped(
        build,
        x!,
        shape.map(() => 1)
      )
    : reshaped(build, expanded(build, x!, inputs[0]!.shape), shape)

/** What is left of one axis: every `stride`-th element from `start` to before `limit`. */
interface Cut {
  readonly axis: number
  readonly start: number
  readonly limit: number
  readonly stride: number
}

/** A part of a value; axes without a cut stay whole. */
export const cut = (build: Builder, value: OnnxValue, wanted: readonly Cut[]): OnnxValue => {
  const cuts = wanted.filter(
    ({ axis, start, limit, stride }) => start > 0 || limit < value.dims[axis]! || stride > 1
  )
  if (cuts.length === 0) return value
  const dims = value.dims.map((n, axis) => {
    const found = cuts.find((each) => each.axis === axis)
    return found === undefined ? n : Math.ceil((found.limit - found.start) / found.stride)
  })
  const numbers = (['start', 'limit', 'axis', 'stride'] as const).map((name) =>
    build.ints(cuts.map((each) => each[name]))
  )
  return build.emit('Slice', [value, ...numbers], dims, {}, value.type)
}

/** A slice; of a repeated axis every slice is the same. */
const slice: LowerOnnx<'slice'> = (build, { start, limit, stride }, [x], { inputs }) =>
  cut(
    build,
    x!,
    x!.dims.flatMap((n, axis) =>
      n === inputs[0]!.shape[axis]
        ? [{ axis, start: start[axis]!, limit: limit[axis]!, stride: stride[axis]! }]
        : []
    )
  )

/** Zeros before and after along every axis; a negative amount takes elements away. */
const border = (
  build: Builder,
  value: OnnxValue,
  low: readonly number[],
  high: readonly number[]
): OnnxValue => {
  const dims = value.dims.map((n, axis) => low[axis]! + n + high[axis]!)
  return [...low, ...high].every((n) => n === 0)
    ? value
    : build.emit('Pad', [value, build.ints([...low, ...high])], dims)
}

/**
 * Zeros around and between. Those between: every axis gets an inner one of size 1, which is padded to 1 + interior and
 * merged back; the zeros after the last element are then too many and are taken off the border.
 */
export const padded = (
  build: Builder,
  value: OnnxValue,
  { low, high, interior }: Pick<OpOf<'pad'>, 'low' | 'high' | 'interior'>
): OnnxValue => {
  const spread = value.dims.flatMap((n, axis) => (interior[axis] === 0 ? [n] : [n, 1]))
  const zeros = value.dims.flatMap((_, axis) => (interior[axis] === 0 ? [0] : [0, interior[axis]!]))
  const none = spread.map(() => 0)
  const apart = border(build, reshaped(build, value, spread), none, zeros)
  const merged = value.dims.map((n, axis) => n * (interior[axis]! + 1))
  const tail = high.map((n, axis) => n - interior[axis]!)
  return border(build, reshaped(build, apart, merged), low, tail)
}

const pad: LowerOnnx<'pad'> = (build, op, [x], { inputs }) =>
  padded(build, wholeFloat(build, x!, inputs[0]!.shape), op)

const concat: LowerOnnx<'concat'> = (build, { axis }, args, { inputs, shape }) => {
  const type = args.every((value) => value.type === 'bool') ? 'bool' : 'float'
  const whole = args.map((value, k) =>
    expanded(build, type === 'bool' ? value : asFloat(build, value), inputs[k]!.shape)
  )
  return whole.length === 1 ? whole[0]! : build.emit('Concat', whole, shape, { axis }, type)
}

/**
 * The mask of the k largest. Of equal elements ONNX's TopK takes the smaller index first, and ONNX Runtime keeps to
 * that when it does not sort (the specs hold it to that), so its indices are exactly the wanted ones. Unsorted is up to five
 * times faster (266,200 scores, half of them kept: 3.3 instead of 16.9 ms), and scattering ones costs less than
 * a threshold whose ties have to be counted (0.9 instead of 1.7 ms).
 */
const topKMask: LowerOnnx<'topKMask'> = (build, { k }, [x], { shape }) => {
  const axis = shape.length - 1
  const scores = wholeFloat(build, x!, shape)
  const dims = shape.with(axis, k)
  const [, indices] = build.emitAll(
    'TopK',
    [scores, build.ints([k])],
    [
      { dims, type: 'float' },
      { dims, type: 'int64' }
    ],
    { axis, largest: 1, sorted: 0 }
  )
  const zeros = expanded(build, build.number(0, shape.length), shape)
  const ones = expanded(build, build.number(1, shape.length), dims)
  return build.emit('ScatterElements', [zeros, indices!, ones], shape, { axis })
}

/** Lowers the primitives that move or choose elements. */
export const structure = { reshape, slice, pad, concat, topKMask }
