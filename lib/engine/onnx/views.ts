import { sameShape, type Shape, sizeOf } from '../../core/shape.js'
import type { Attributes, Builder, ElementType, Value } from './builder.js'

/** An operator with one result. */
export const one = (
  build: Builder,
  op: string,
  inputs: readonly Value[],
  dims: Shape,
  attributes: Attributes = {},
  type: ElementType = 'float'
): Value => build.emit(op, inputs, [{ dims, type }], attributes)[0]

/** A float, as 0 or 1 where the value is a bool. */
export const asFloat = (build: Builder, value: Value): Value =>
  value.type === 'float' ? value : one(build, 'Cast', [value], value.dims, { to: 1 })

/** A bool: what a float is not 0. */
export const asBool = (build: Builder, value: Value): Value =>
  value.type === 'bool' ? value : one(build, 'Cast', [value], value.dims, { to: 9 }, 'bool')

/** The same elements under other sizes; a reshape of a reshape is one, and a single number is a number at any rank. */
export const reshaped = (build: Builder, value: Value, dims: Shape): Value => {
  if (sameShape(value.dims, dims)) return value
  const element = build.uniform(value)
  if (element !== undefined)
    return build.floats({ _tag: 'NdArray', shape: dims, data: Float32Array.of(element) })
  const producer = build.producer(value)
  if (producer?.op === 'Reshape') return reshaped(build, producer.inputs[0]!, dims)
  return one(build, 'Reshape', [value, build.ints(dims)], dims, {}, value.type)
}

/** Every repeated axis written out. */
export const expanded = (build: Builder, value: Value, shape: Shape): Value =>
  sameShape(value.dims, shape)
    ? value
    : one(build, 'Expand', [value, build.ints(shape)], shape, {}, value.type)

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
 * The axes in another order. Axes that move together are moved as one: ONNX Runtime copies few long rows faster than
 * many short ones, and a permutation that moves nothing is a reshape.
 */
export const transposed = (build: Builder, value: Value, order: readonly number[]): Value => {
  const { dims } = value
  const target = order.map((axis) => dims[axis]!)
  const runs = runsOf(dims, order)
  if (runs.length < 2) return reshaped(build, value, target)
  const sorted = [...runs].sort((a, b) => a[0]! - b[0]!)
  const sizeOfRun = (run: readonly number[]): number => sizeOf(run.map((axis) => dims[axis]!))
  const merged = reshaped(build, value, sorted.map(sizeOfRun))
  const moved = one(
    build,
    'Transpose',
    [merged],
    runs.map(sizeOfRun),
    { perm: runs.map((run) => sorted.indexOf(run)) },
    value.type
  )
  return reshaped(build, moved, target)
}

/**
 * The operand laid along the axes of a result: `from` names, for each axis of the result, the operand's axis it shows, or
 * null where the operand is repeated; there the size is 1.
 */
export const aligned = (build: Builder, value: Value, from: readonly (number | null)[]): Value => {
  const ordered = transposed(
    build,
    value,
    from.filter((axis) => axis !== null)
  )
  return reshaped(
    build,
    ordered,
    from.map((axis) => (axis === null ? 1 : value.dims[axis]!))
  )
}

/** The sizes to which values of one rank broadcast. */
export const broadcast = (values: readonly Value[]): Shape =>
  values[0]!.dims.map((_, axis) => Math.max(...values.map(({ dims }) => dims[axis]!)))
