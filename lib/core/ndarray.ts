import { plain } from './plain.js'
import { hasTag, MOST_ELEMENTS, requireWhole } from './check.js'
import { fail, showValue } from './error.js'
import { checkShape, type Shape, showShape, sizeOf } from './shape.js'

/**
 * A concrete, immutable array: a shape and its elements in row-major order. The reference engine returns float64
 * elements, every other engine float32. Treat `data` as read-only.
 */
export interface NdArray {
  /** Tells an array from other values. */
  readonly _tag: 'NdArray'
  /** The length of every axis; empty for a scalar. */
  readonly shape: Shape
  /** The elements, row by row, the last axis fastest. */
  readonly data: Float32Array | Float64Array
}

/** Nested rows of numbers, as one writes a small array by hand. */
export type Nested = number | readonly Nested[]

const isNested = (value: unknown): value is readonly Nested[] =>
  Array.isArray(value) || ArrayBuffer.isView(value)

/** Requires every element to be a number, and not a text of one. */
const requireNumbers = (operation: string, data: ArrayLike<unknown>): void => {
  for (let i = 0; i < data.length; i++)
    if (typeof data[i] !== 'number') fail('ArgumentError', operation, 'numbers', showValue(data[i]), `${i}`)
}

/**
 * Wraps elements with a shape; the elements are not copied.
 *
 * @example
 * import assert from 'node:assert'
 * import { ndarray } from 'tangentflow'
 *
 * assert.deepEqual(ndarray.toNested(ndarray.of([2, 2], [1, 2, 3, 4])), [[1, 2], [3, 4]])
 */
export const of = plain(
  'ndarray.of',
  (shape: Shape, data: Float32Array | Float64Array | readonly number[]): NdArray => {
    checkShape('ndarray.of', shape)
    if (data instanceof Float32Array || data instanceof Float64Array) {
      if (data.length === sizeOf(shape)) return { _tag: 'NdArray', shape, data }
    } else if (data.length === sizeOf(shape)) {
      requireNumbers('ndarray.of', data)
      return { _tag: 'NdArray', shape, data: Float64Array.from(data) }
    }
    return fail(
      'ShapeError',
      'ndarray.of',
      `${sizeOf(shape)} elements for ${showShape(shape)}`,
      `${data.length}`
    )
  }
)

/** The type of an array's elements, for arrays made of it. */
export const elementsOf = plain(
  'ndarray.elementsOf',
  ({ data }: Pick<NdArray, 'data'>): typeof Float32Array | typeof Float64Array =>
    data instanceof Float32Array ? Float32Array : Float64Array
)

/** An array of no axes and one element. */
export const scalar = (value: number): NdArray => of([], [value])

/** Every element the same number, in float32. */
export const full = (shape: Shape, value: number): NdArray => {
  const size = sizeOf(checkShape('ndarray.full', shape))
  requireWhole('ndarray.full', 'elements', size, 1, MOST_ELEMENTS)
  requireNumbers('ndarray.full', [value])
  return of(shape, new Float32Array(size).fill(value))
}

/** Every element 0, in float32. */
export const zeros = (shape: Shape): NdArray => full(shape, 0)

/** The entries of axis 0 at the given places, in that order and of the same type; a place that the array does not have is an IndexError. */
export const takeRows = plain(
  'ndarray.takeRows',
  (operation: string, array: NdArray, places: ArrayLike<number>): NdArray => {
    const [count = 0, ...inner] = array.shape
    if (places.length === 0) fail('IndexError', operation, 'at least one place', 'none')
    const width = sizeOf(inner)
    const out = new (elementsOf(array))(places.length * width)
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!
      if (!(Number.isInteger(place) && place >= 0 && place < count)) {
        fail('IndexError', operation, `places of 0 … ${count - 1}`, `${place}`, `places[${i}]`)
      }
      out.set(array.data.subarray(place * width, (place + 1) * width), i * width)
    }
    return of([places.length, ...inner], out)
  }
)

/** From nested rows; a ragged array is a ShapeError. */
export const fromNested = (rows: Nested): NdArray => {
  const shape: number[] = []
  for (let level = rows; isNested(level); level = level[0]!) {
    shape.push(level.length)
    if (level.length === 0) break
  }
  checkShape('ndarray.fromNested', shape)
  const data: number[] = []
  const walk = (value: Nested, depth: number): void => {
    if (isNested(value) ? value.length !== shape[depth] : depth !== shape.length) {
      return fail(
        'ShapeError',
        'ndarray.fromNested',
        `rows of equal length ${showShape(shape)}`,
        'ragged rows'
      )
    }
    if (isNested(value)) value.forEach((row) => walk(row, depth + 1))
    else data.push(value)
  }
  walk(rows, 0)
  requireNumbers('ndarray.fromNested', data)
  return of(shape, data)
}

/** To nested rows, for printing and small comparisons. */
export const toNested = plain('ndarray.toNested', ({ shape, data }: NdArray): Nested => {
  const build = (depth: number, offset: number, span: number): Nested => {
    if (depth === shape.length) return data[offset]!
    const inner = span / shape[depth]!
    return Array.from({ length: shape[depth]! }, (_, i) => build(depth + 1, offset + i * inner, inner))
  }
  return build(0, 0, data.length)
})

/** An array with memory of its own. */
export const copyOf = plain('ndarray.copyOf', (array: NdArray): NdArray => ({
  ...array,
  data: array.data.slice()
}))

/** Results of which none shares memory with what was given or with another: those that would are copied. */
export const unshared = plain(
  'ndarray.unshared',
  (results: readonly NdArray[], given: readonly NdArray[]): readonly NdArray[] => {
    const taken = new Set(given.map(({ data }) => data.buffer))
    return results.map((result) => {
      if (taken.has(result.data.buffer)) return copyOf(result)
      taken.add(result.data.buffer)
      return result
    })
  }
)

/** Whether a value is a concrete array. */
export const isNdArray = (value: unknown): value is NdArray => hasTag(value, 'NdArray')

/** The single element of a one-element array. */
export const toNumber = plain('ndarray.toNumber', (array: NdArray): number =>
  array.data.length === 1
    ? array.data[0]!
    : fail('ShapeError', 'ndarray.toNumber', 'one element', showShape(array.shape))
)
