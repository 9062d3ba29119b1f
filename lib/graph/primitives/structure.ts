import { fail, refuseWith, showValue } from '../../core/error.js'
import {
  checkShape,
  commonShape,
  forEachPlace,
  onlyShape,
  type Shape,
  showShape,
  sizeOf,
  stridesOf
} from '../../core/shape.js'
import type { OpTag, Primitive } from '../op.js'

/** Pairs every element of a shape with its place in another array: from a first one, a step along each axis. */
const eachPair = (
  shape: Shape,
  strides: readonly number[],
  first: readonly number[],
  steps: readonly number[],
  visit: (at: number, other: number) => void
): void => {
  const origin = strides.reduce((sum, stride, axis) => sum + stride * first[axis]!, 0)
  forEachPlace(shape, (at, c) => {
    let other = origin
    for (let axis = 0; axis < c.length; axis++) other += c[axis]! * steps[axis]!
    visit(at, other)
  })
}

const isWhole = (n: number | undefined): n is number => Number.isInteger(n)

const refuseSlice = refuseWith('ShapeError', 'slice')

const slice: Primitive<'slice'> = {
  shape: ({ start, limit, stride }, inputs) =>
    onlyShape('slice', inputs).map((n, axis) => {
      const [from, to, step] = [start[axis], limit[axis], stride[axis]] as const
      return isWhole(from) && isWhole(to) && isWhole(step) && from >= 0 && from < to && to <= n && step >= 1
        ? Math.ceil((to - from) / step)
        : refuseSlice(
            `whole 0 ≤ start < limit ≤ ${n} and stride ≥ 1`,
            [from, to, step].map(showValue).join(', '),
            `axis ${axis}`
          )
    }),
  evaluate: ({ start, stride }, [x], { inputs, shape }) => {
    const out = new Float64Array(sizeOf(shape))
    const strides = stridesOf(inputs[0]!.shape)
    const steps = strides.map((n, axis) => n * stride[axis]!)
    eachPair(shape, strides, start, steps, (at, source) => (out[at] = x![source]!))
    return out
  },
  key: JSON.stringify,
  show: ({ start, limit, stride }) => `${showShape(start)} ${showShape(limit)} ${showShape(stride)}`
}

const refusePad = refuseWith('ArgumentError', 'pad')

const pad: Primitive<'pad'> = {
  shape: ({ low, high, interior }, inputs) =>
    onlyShape('pad', inputs).map((n, axis) => {
      const [before, after, between] = [low[axis], high[axis], interior[axis]] as const
      return isWhole(before) && isWhole(after) && isWhole(between) && Math.min(before, after, between) >= 0
        ? before + n + (n - 1) * between + after
        : refusePad(
            'whole amounts of at least 0',
            [before, after, between].map(showValue).join(', '),
            `axis ${axis}`
          )
    }),
  evaluate: ({ low, interior }, [x], { inputs, shape }) => {
    const out = new Float64Array(sizeOf(shape))
    const strides = stridesOf(shape)
    const steps = strides.map((n, axis) => n * (interior[axis]! + 1))
    eachPair(inputs[0]!.shape, strides, low, steps, (at, target) => (out[target] = x![at]!))
    return out
  },
  key: JSON.stringify,
  show: ({ low, high, interior }) => `${showShape(low)} ${showShape(high)} ${showShape(interior)}`
}

const concat: Primitive<'concat'> = {
  shape: ({ axis }, inputs) => {
    const first = inputs[0] ?? fail('ArgumentError', 'concat', 'at least one argument', 'none')
    if (!(axis >= 0 && axis < first.length))
      fail('AxisError', 'concat', `an axis of ${showShape(first)}`, `${axis}`)
    const along = (shape: Shape, size: number): Shape => shape.map((n, a) => (a === axis ? size : n))
    commonShape(
      'concat',
      inputs.map((shape) => along(shape, 1))
    )
    return along(
      first,
      inputs.reduce((total, shape) => total + shape[axis]!, 0)
    )
  },
  evaluate: ({ axis }, xs, { inputs, shape }) => {
    const out = new Float64Array(sizeOf(shape))
    const row = sizeOf(shape.slice(axis))
    let offset = 0
    xs.forEach((x, k) => {
      const span = sizeOf(inputs[k]!.shape.slice(axis))
      for (let r = 0; r * span < x.length; r++)
        out.set(x.subarray(r * span, (r + 1) * span), r * row + offset)
      offset += span
    })
    return out
  },
  key: JSON.stringify,
  show: ({ axis }) => `axis ${axis}`
}

const reduceMax: Primitive<'reduceMax'> = {
  shape: ({ axes }, inputs) => onlyShape('reduceMax', inputs).filter((_, axis) => !axes.includes(axis)),
  evaluate: ({ axes }, [x], { inputs, shape }) => {
    const out = new Float64Array(sizeOf(shape)).fill(-Infinity)
    const kept = stridesOf(shape)
    const from = inputs[0]!.shape
    let next = 0
    const steps = from.map((_, axis) => (axes.includes(axis) ? 0 : kept[next++]!))
    eachPair(from, [], [], steps, (at, target) => (out[target] = Math.max(out[target]!, x![at]!)))
    return out
  },
  key: JSON.stringify,
  show: ({ axes }) => `axes ${showShape(axes)}`
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

const topKMask: Primitive<'topKMask'> = {
  shape: ({ k }, inputs) => {
    const shape = onlyShape('topKMask', inputs)
    const last = shape.at(-1) ?? fail('ShapeError', 'topKMask', 'at least one axis', '[]')
    return Number.isInteger(k) && k >= 1 && k <= last
      ? shape
      : fail('ArgumentError', 'topKMask', `a whole k in [1, ${last}]`, `${k}`)
  },
  evaluate: ({ k }, [x], { shape }) => {
    const out = new Float64Array(x!.length)
    const n = shape.at(-1)!
    for (let start = 0; start < out.length; start += n) {
      const row = x!.subarray(start, start + n)
      const keep = row.some(Number.isNaN) ? keepLargestOfAny : keepLargest
      keep(k, row, out.subarray(start, start + n))
    }
    return out
  },
  key: JSON.stringify,
  show: ({ k }) => `k ${k}`
}

/** The primitives that move, select or compare whole elements and do no arithmetic. */
export const structure = {
  reshape: {
    shape: ({ shape }, inputs) => {
      const from = onlyShape('reshape', inputs)
      const expected = `${sizeOf(from)} elements, as ${showShape(from)} has`
      return sizeOf(checkShape('reshape', shape)) === sizeOf(from)
        ? shape
        : fail('ShapeError', 'reshape', expected, showShape(shape))
    },
    evaluate: (_, [x]) => x!,
    key: JSON.stringify,
    show: () => ''
  },
  slice,
  pad,
  concat,
  reduceMax,
  topKMask
} satisfies { readonly [T in OpTag]?: Primitive<T> }
