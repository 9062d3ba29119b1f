import { fail, showValue } from './error.js'

/** The sizes of a tensor's axes, outermost first; `[]` is a scalar. Arrays are row-major. */
export type Shape = readonly number[]

/** Number of elements. */
export const sizeOf = (shape: Shape): number => {
  let size = 1
  for (const n of shape) size *= n
  return size
}

/** Row-major strides, in elements. */
export const stridesOf = (shape: Shape): number[] => {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis]!
  }
  return strides
}

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i])

/** Whether a shape is a list, as its type says. */
const isList = (shape: Shape): boolean => Array.isArray(shape)

/** `[2,3]`; what is no list, as any value. */
export const showShape = (shape: Shape): string => (isList(shape) ? `[${shape.join(',')}]` : showValue(shape))

/** Requires a shape to be the expected one; the ShapeError of another says of what the shape is. */
export const requireShape = (
  operation: string,
  where: string | undefined,
  shape: Shape,
  expected: Shape,
  what: string
): void => {
  if (!sameShape(shape, expected))
    fail('ShapeError', operation, `${what} ${showShape(expected)}`, showShape(shape), where)
}

/** Refuses anything that is not a list of positive whole sizes: a tensor of this library is never empty. */
export const checkShape = (operation: string, shape: Shape): Shape =>
  isList(shape) && shape.every((n) => Number.isInteger(n) && n > 0)
    ? shape
    : fail('ShapeError', operation, 'whole sizes of at least 1', showShape(shape))

/** Refuses anything that is no shape of one example, as the list of its sizes. */
export const requireExample = (operation: string, shape: Shape): Shape =>
  isList(shape)
    ? checkShape(operation, shape)
    : fail('ShapeError', operation, 'the shape of one example, as [64]', showShape(shape))

/** An axis counted from the front, given one counted from either end (−1 is the last). */
export const normaliseAxis = (operation: string, rank: number, axis: number): number =>
  Number.isInteger(axis) && axis >= -rank && axis < rank
    ? axis < 0
      ? axis + rank
      : axis
    : fail('AxisError', operation, `an axis in [${-rank}, ${rank})`, String(axis))

/** Axes as the user names them: one or several. */
export type Axes = number | readonly number[]

/**
 * Axes counted from the front; one named twice is refused.
 *
 * @defaultValue `axes` are all
 */
export const normaliseAxes = (operation: string, rank: number, axes?: Axes): number[] => {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis)
  const list = typeof axes === 'number' ? [axes] : axes
  const named = list.map((axis) => normaliseAxis(operation, rank, axis))
  return new Set(named).size === named.length
    ? named
    : fail('AxisError', operation, 'each axis once', showShape(list))
}

/** The shape to which both broadcast by NumPy's rule (aligned at the last axis, sizes equal or 1). */
export const broadcastShapes = (operation: string, a: Shape, b: Shape): Shape => {
  const rank = Math.max(a.length, b.length)
  const shape = new Array<number>(rank)
  for (let i = 1; i <= rank; i++) {
    const m = a[a.length - i] ?? 1
    const n = b[b.length - i] ?? 1
    if (m !== n && m !== 1 && n !== 1) {
      return fail('ShapeError', operation, 'shapes that broadcast', `${showShape(a)} and ${showShape(b)}`)
    }
    shape[rank - i] = Math.max(m, n)
  }
  return shape
}

/** The shape of the one argument of an operation. */
export const onlyShape = (operation: string, shapes: readonly Shape[]): Shape =>
  shapes.length === 1
    ? shapes[0]!
    : fail('ArgumentError', operation, 'one argument', `${shapes.length} arguments`)

/** The shape that all arguments of an operation have. */
export const commonShape = (operation: string, shapes: readonly Shape[]): Shape => {
  const first = shapes[0] ?? fail('ArgumentError', operation, 'at least one argument', 'none')
  return shapes.every((shape) => sameShape(shape, first))
    ? first
    : fail('ShapeError', operation, 'arguments of equal shape', shapes.map(showShape).join(' and '))
}

/** Calls `visit` with the row-major position and the coordinates of every element of a shape. */
export const forEachPlace = (
  shape: Shape,
  visit: (at: number, coordinates: readonly number[]) => void
): void => {
  const coordinates = new Array<number>(shape.length).fill(0)
  const count = sizeOf(shape)
  for (let at = 0; at < count; at++) {
    visit(at, coordinates)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++coordinates[axis]! < shape[axis]!) break
      coordinates[axis] = 0
    }
  }
}
