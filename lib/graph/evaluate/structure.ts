import { type Shape, sizeOf, stridesOf } from '../../core/shape.js'
import type { OpOf } from '../op.js'

/** Calls `visit` with the row-major position and the coordinates of every element of a shape. */
const each = (shape: Shape, visit: (at: number, coordinates: readonly number[]) => void): void => {
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

export const slice = (
  { start, stride }: OpOf<'slice'>,
  x: Float64Array,
  from: Shape,
  to: Shape
): Float64Array => {
  const out = new Float64Array(sizeOf(to))
  const strides = stridesOf(from)
  each(to, (at, c) => {
    let source = 0
    for (let axis = 0; axis < c.length; axis++)
      source += (start[axis]! + c[axis]! * stride[axis]!) * strides[axis]!
    out[at] = x[source]!
  })
  return out
}

export const pad = (
  { low, interior }: OpOf<'pad'>,
  x: Float64Array,
  from: Shape,
  to: Shape
): Float64Array => {
  const out = new Float64Array(sizeOf(to))
  const strides = stridesOf(to)
  each(from, (at, c) => {
    let target = 0
    for (let axis = 0; axis < c.length; axis++)
      target += (low[axis]! + c[axis]! * (interior[axis]! + 1)) * strides[axis]!
    out[target] = x[at]!
  })
  return out
}

export const concat = (
  axis: number,
  xs: readonly Float64Array[],
  shapes: readonly Shape[],
  to: Shape
): Float64Array => {
  const out = new Float64Array(sizeOf(to))
  const row = sizeOf(to.slice(axis))
  let offset = 0
  xs.forEach((x, k) => {
    const span = sizeOf(shapes[k]!.slice(axis))
    for (let r = 0; r * span < x.length; r++) out.set(x.subarray(r * span, (r + 1) * span), r * row + offset)
    offset += span
  })
  return out
}

export const reduceMax = (axes: readonly number[], x: Float64Array, from: Shape, to: Shape): Float64Array => {
  const out = new Float64Array(sizeOf(to)).fill(-Infinity)
  const kept = stridesOf(to)
  const steps = new Array<number>(from.length).fill(0)
  let next = 0
  from.forEach((_, axis) => {
    if (!axes.includes(axis)) steps[axis] = kept[next++]!
  })
  each(from, (at, c) => {
    let target = 0
    for (let axis = 0; axis < c.length; axis++) target += c[axis]! * steps[axis]!
    out[target] = Math.max(out[target]!, x[at]!)
  })
  return out
}

export const iota = (axis: number, shape: Shape): Float64Array => {
  const out = new Float64Array(sizeOf(shape))
  each(shape, (at, c) => (out[at] = c[axis]!))
  return out
}

/** Pairs every element of the windows with the place in the image it is taken from. */
const windows = (
  stride: readonly [number, number],
  image: Shape,
  folded: Shape,
  visit: (window: number, pixel: number) => void
): void => {
  const [h, w] = [image[image.length - 2]!, image[image.length - 1]!]
  const inner = folded.slice(-4)
  const images = sizeOf(image) / (h * w)
  const span = sizeOf(inner)
  for (let n = 0; n < images; n++) {
    each(inner, (at, [ky, kx, oy, ox]) => {
      visit(n * span + at, n * h * w + (oy! * stride[0] + ky!) * w + ox! * stride[1] + kx!)
    })
  }
}

export const unfold = (op: OpOf<'unfold'>, x: Float64Array, from: Shape, to: Shape): Float64Array => {
  const out = new Float64Array(sizeOf(to))
  windows(op.stride, from, to, (window, pixel) => (out[window] = x[pixel]!))
  return out
}

export const fold = (op: OpOf<'fold'>, x: Float64Array, from: Shape, to: Shape): Float64Array => {
  const out = new Float64Array(sizeOf(to))
  windows(op.stride, to, from, (window, pixel) => (out[pixel]! += x[window]!))
  return out
}

/** 1 at the k largest of a row, of equal ones the first: a sort without a comparator finds the smallest of them. */
const keepLargest = (k: number, row: Float64Array, out: Float64Array): void => {
  const threshold = row.slice().sort()[row.length - k]!
  let equal = k
  row.forEach((value, i) => {
    if (value > threshold) {
      out[i] = 1
      equal--
    }
  })
  for (let i = 0; equal > 0; i++)
    if (row[i] === threshold) {
      out[i] = 1
      equal--
    }
}

/** The same where some are NaN, which is as large as anything. */
const keepLargestOfAny = (k: number, row: Float64Array, out: Float64Array): void => {
  const order = Int32Array.from(row.keys()).sort((i, j) => row[j]! - row[i]! || i - j)
  for (let i = 0; i < k; i++) out[order[i]!] = 1
}

export const topKMask = (k: number, x: Float64Array, shape: Shape): Float64Array => {
  const out = new Float64Array(x.length)
  const n = shape[shape.length - 1]!
  for (let start = 0; start < x.length; start += n) {
    const row = x.subarray(start, start + n)
    const keep = row.some(Number.isNaN) ? keepLargestOfAny : keepLargest
    keep(k, row, out.subarray(start, start + n))
  }
  return out
}
