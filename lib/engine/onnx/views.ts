import { sameShape, type Shape, sizeOf } from '../../core/shape.js'
import type { Builder, OnnxValue } from './builder.js'

/** A float, as 0 or 1 where the value is a bool. */
export const asFloat = (build: Builder, value: OnnxValue): OnnxValue =>
  value.type === 'float' ? value : build.emit('Cast', [value], value.dims, { to: 1 })

/** A bool: whether a float is not 0. */
export const asBool = (build: Builder, value: OnnxValue): OnnxValue => {
  if (value.type === 'bool') return value
  const producer = build.producer(value)
  const cast = producer?.op === 'Cast' ? producer.inputs[0] : undefined
  return cast?.type === 'bool' ? cast : build.emit('Cast', [value], value.dims, { to: 9 }, 'bool')
}

/** The same elements under other sizes; a reshape of a reshape is one, and a single number is a number at any rank. */
export const reshaped = (build: Builder, value: OnnxValue, dims: Shape): OnnxValue => {
  if (sameShape(value.dims, dims)) return value
  const element = build.uniform(value)
  if (element !== undefined) return build.number(Math.fround(element), dims.length)
  const producer = build.producer(value)
  if (producer?.op === 'Reshape') return reshaped(build, producer.inputs[0]!, dims)
  return build.emit('Reshape', [value, build.ints(dims)], dims, {}, value.type)
}

/** Values of one shape side by side along a new axis: they are joined along the next one, which is then parted. */
export const stacked = (build: Builder, parts: readonly OnnxValue[], axis: number): OnnxValue => {
  const { dims, type } = parts[0]!
  const count = parts.length
  const joined =
    count === 1
      ? parts[0]!
      : build.emit('Concat', parts, dims.with(axis, count * dims[axis]!), { axis }, type)
  return reshaped(build, joined, dims.toSpliced(axis, 0, count))
}

/** Blocks shorter than this are worth copying before they are repeated, and repeats fewer than this are copies laid side by side. */
const SHORT = 16
/** Results smaller than this take no time either way. */
const SMALL = 4096

/**
 * A value whose short inner axes are written out to the sizes of a result. ONNX Runtime repeats run by run, which takes
 * ten times as long as the arithmetic when the runs are a few elements long (400,000 elements in runs of 2: 1.4 ms to
 * multiply, 0.21 ms with copies laid side by side first).
 */
export const spread = (build: Builder, value: OnnxValue, shape: Shape): OnnxValue => {
  if (sizeOf(value.dims) === 1 || sizeOf(shape) < SMALL) return value
  const isRepeated = (axis: number): boolean => value.dims[axis] === 1 && shape[axis]! > 1
  const inner = shape.findLastIndex((n, axis) => n > 1 && !isRepeated(axis))
  // one element repeated many times is a run that is long enough
  if (sizeOf(shape.slice(inner + 1)) > SHORT) return value
  let current = value
  let block = 1
  for (let axis = shape.length - 1; axis >= 0 && block <= SHORT; axis--) {
    const n = shape[axis]!
    if (isRepeated(axis)) {
      const dims = current.dims.with(axis, n)
      current =
        n <= SHORT
          ? build.emit('Concat', new Array<OnnxValue>(n).fill(current), dims, { axis }, value.type)
          : build.emit('Expand', [current, build.ints(dims)], dims, {}, value.type)
    }
    block *= n
  }
  return current
}

/** A value with every repeated axis written out. ONNX Runtime takes longer to write a small constant out than to read it. */
export const expanded = (build: Builder, value: OnnxValue, shape: Shape): OnnxValue => {
  if (sameShape(value.dims, shape)) return value
  const element = build.target === 'portable' || sizeOf(shape) >= SMALL ? undefined : build.uniform(value)
  if (element !== undefined) return build.filled(element, shape)
  const inner = spread(build, value, shape)
  return sameShape(inner.dims, shape)
    ? inner
    : build.emit('Expand', [inner, build.ints(shape)], shape, {}, value.type)
}

/** A float with every repeated axis written out. */
export const wholeFloat = (build: Builder, value: OnnxValue, shape: Shape): OnnxValue =>
  expanded(build, asFloat(build, value), shape)

/** Runs of axes that stay neighbours under a permutation, axes of size 1 left out: what is really moved. */
const runsOf = (dims: Shape, order: readonly number[]): number[][] => {
  const runs: number[][] = []
  let last: number | undefined
  for (const axis of order) {
    if (dims[axis] === 1) continue
    const isNext = last !== undefined && dims.slice(last + 1, axis).every((n) => n === 1) && axis > last
    if (isNext) runs[runs.length - 1]!.push(axis)
    else runs.push([axis])
    last = axis
  }
  return runs
}

/**
 * The axes in another order, then in other sizes. A permutation that moves nothing is a reshape. Where sizes change, axes that move
 * together are moved as one: ONNX Runtime copies few long rows faster than many short ones. Where they stay, it would part them again.
 *
 * @defaultValue `shape` is that of the permuted axes
 */
export const transposed = (
  build: Builder,
  value: OnnxValue,
  order: readonly number[],
  shape: Shape = order.map((axis) => value.dims[axis]!)
): OnnxValue => {
  const { dims, type } = value
  const runs = runsOf(dims, order)
  if (runs.length < 2) return reshaped(build, value, shape)
  if (shape.length === order.length && shape.every((n, i) => n === dims[order[i]!]))
    return build.emit('Transpose', [value], shape, { perm: order }, type)
  const sorted = [...runs].sort((a, b) => a[0]! - b[0]!)
  const sizeOfRun = (run: readonly number[]): number => sizeOf(run.map((axis) => dims[axis]!))
  const merged = reshaped(build, value, sorted.map(sizeOfRun))
  const perm = runs.map((run) => sorted.indexOf(run))
  return reshaped(build, build.emit('Transpose', [merged], runs.map(sizeOfRun), { perm }, type), shape)
}

/**
 * The operand laid along the axes of a result: `from` names, for each axis of the result, the operand's axis it shows, or
 * null where the operand is repeated; there the size is 1.
 */
export const aligned = (build: Builder, value: OnnxValue, from: readonly (number | null)[]): OnnxValue => {
  const order = from.filter((axis) => axis !== null)
  const dims = from.map((axis) => (axis === null ? 1 : value.dims[axis]!))
  return transposed(build, value, order, dims)
}

/** The sizes to which values of one rank broadcast. */
export const broadcast = (values: readonly OnnxValue[]): Shape =>
  values[0]!.dims.map((_, axis) => Math.max(...values.map(({ dims }) => dims[axis]!)))
