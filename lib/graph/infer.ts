import { fail } from '../core/error.js'
import { checkShape, sameShape, type Shape, showShape, sizeOf } from '../core/shape.js'
import type { Op, OpOf, OpTag } from './op.js'
import type { Tensor } from './tensor.js'

type InferRule<T extends OpTag> = (op: OpOf<T>, inputs: readonly Shape[]) => Shape

/** The one input of a primitive of one argument. */
const only = (operation: string, inputs: readonly Shape[]): Shape =>
  inputs.length === 1
    ? inputs[0]!
    : fail('ArgumentError', operation, 'one argument', `${inputs.length} arguments`)

const alike = (operation: string, inputs: readonly Shape[]): Shape => {
  const first = inputs[0] ?? fail('ArgumentError', operation, 'at least one argument', 'none')
  return inputs.every((shape) => sameShape(shape, first))
    ? first
    : fail('ShapeError', operation, 'arguments of equal shape', inputs.map(showShape).join(' and '))
}

const contract: InferRule<'contract'> = ({ operands, output, sizes }, inputs) => {
  if (operands.length !== inputs.length) {
    return fail('ArgumentError', 'contract', `${operands.length} operands`, `${inputs.length}`)
  }
  operands.forEach((indices, k) => {
    const expected = indices.map(
      (i) => sizes[i] ?? fail('IndexError', 'contract', 'an index with a size', `${i}`)
    )
    if (!sameShape(expected, inputs[k]!)) {
      return fail(
        'IndexError',
        'contract',
        `operand ${k} of shape ${showShape(expected)}`,
        showShape(inputs[k]!)
      )
    }
  })
  return output.map((i) => sizes[i] ?? fail('IndexError', 'contract', 'an index with a size', `${i}`))
}

const slice: InferRule<'slice'> = ({ start, limit, stride }, inputs) => {
  const shape = only('slice', inputs)
  return shape.map((n, axis) => {
    const [from, to, step] = [start[axis] ?? -1, limit[axis] ?? -1, stride[axis] ?? 0]
    const whole = [from, to, step].every(Number.isInteger)
    return whole && from >= 0 && from < to && to <= n && step >= 1
      ? Math.ceil((to - from) / step)
      : fail(
          'ShapeError',
          'slice',
          `whole 0 ≤ start < limit ≤ ${n} and stride ≥ 1`,
          `${from}, ${to}, ${step}`,
          `axis ${axis}`
        )
  })
}

const pad: InferRule<'pad'> = ({ low, high, interior }, inputs) => {
  const shape = only('pad', inputs)
  return shape.map((n, axis) => {
    const [before, after, between] = [low[axis] ?? -1, high[axis] ?? -1, interior[axis] ?? -1]
    return [before, after, between].every((amount) => Number.isInteger(amount) && amount >= 0)
      ? before + n + (n - 1) * between + after
      : fail(
          'ArgumentError',
          'pad',
          'whole amounts of at least 0',
          `${before}, ${after}, ${between}`,
          `axis ${axis}`
        )
  })
}

const concat: InferRule<'concat'> = ({ axis }, inputs) => {
  const first = inputs[0] ?? fail('ArgumentError', 'concat', 'at least one argument', 'none')
  if (!(axis >= 0 && axis < first.length))
    fail('AxisError', 'concat', `an axis of ${showShape(first)}`, `${axis}`)
  alike(
    'concat',
    inputs.map((shape) => shape.map((n, a) => (a === axis ? 1 : n)))
  )
  return first.map((n, a) => (a === axis ? inputs.reduce((total, shape) => total + shape[a]!, 0) : n))
}

const unfold: InferRule<'unfold'> = ({ kernel, stride }, inputs) => {
  const shape = only('unfold', inputs)
  const [h, w] = shape.slice(-2)
  const positive = [...kernel, ...stride].every((n) => Number.isInteger(n) && n >= 1)
  const fits = positive && h !== undefined && w !== undefined && kernel[0] <= h && kernel[1] <= w
  return fits
    ? [
        ...shape.slice(0, -2),
        ...kernel,
        Math.floor((h - kernel[0]) / stride[0]) + 1,
        Math.floor((w - kernel[1]) / stride[1]) + 1
      ]
    : fail(
        'ShapeError',
        'unfold',
        `two last axes of at least the kernel, and whole kernel and stride ≥ 1`,
        `${showShape(shape)}, kernel ${showShape(kernel)}, stride ${showShape(stride)}`
      )
}

const fold: InferRule<'fold'> = ({ kernel, stride, size }, inputs) => {
  const shape = only('fold', inputs)
  const batch = shape.slice(0, -4)
  const expected = unfold({ tag: 'unfold', kernel, stride }, [[...batch, ...size]])
  return sameShape(shape, expected)
    ? [...batch, ...size]
    : fail('ShapeError', 'fold', showShape(expected), showShape(shape))
}

/** The shape column of the table of primitives. */
const rules: { readonly [T in OpTag]: InferRule<T> } = {
  input: ({ shape }) => checkShape('input', shape),
  keyInput: () => [],
  constant: ({ value }) => value.shape,
  iota: ({ shape, axis }) =>
    Number.isInteger(axis) && axis >= 0 && axis < shape.length
      ? checkShape('iota', shape)
      : fail('AxisError', 'iota', 'an axis', `${axis}`),
  random: ({ shape }, inputs) => {
    const ids = inputs[1]
    return ids === undefined || (ids.length === 1 && ids[0] === shape[0])
      ? checkShape('random', shape)
      : fail('ShapeError', 'random', `ids of shape [${shape[0]}]`, showShape(ids))
  },
  alias: (_, inputs) => only('alias', inputs),
  stopGradient: (_, inputs) => only('stopGradient', inputs),
  barrier: (_, inputs) => only('barrier', inputs),
  pointwise: ({ fn }, inputs) => alike(fn, inputs),
  contract,
  reshape: ({ shape }, inputs) => {
    const from = only('reshape', inputs)
    return sizeOf(checkShape('reshape', shape)) === sizeOf(from)
      ? shape
      : fail('ShapeError', 'reshape', `${sizeOf(from)} elements, as ${showShape(from)} has`, showShape(shape))
  },
  slice,
  pad,
  concat,
  reduceMax: ({ axes }, inputs) => only('reduceMax', inputs).filter((_, axis) => !axes.includes(axis)),
  unfold,
  fold,
  topKMask: ({ k }, inputs) => {
    const shape = only('topKMask', inputs)
    const last = shape[shape.length - 1] ?? fail('ShapeError', 'topKMask', 'at least one axis', '[]')
    return Number.isInteger(k) && k >= 1 && k <= last
      ? shape
      : fail('ArgumentError', 'topKMask', `a whole k in [1, ${last}]`, `${k}`)
  },
  custom: (_, inputs) => inputs[0] ?? fail('ArgumentError', 'custom', 'a value', 'none'),
  customLinear: (_, inputs) => inputs[0] ?? fail('ArgumentError', 'customLinear', 'a value', 'none')
}

/** The shape of a primitive's result, or a typed refusal. */
export const infer = (op: Op, inputs: readonly Tensor[]): Shape => {
  const rule = rules[op.tag] as (op: Op, inputs: readonly Shape[]) => Shape
  return rule(
    op,
    inputs.map((input) => input.shape)
  )
}
