import { fail } from '../../core/error.js'
import { broadcastTo, product, sumOver, zerosLike } from '../../graph/contract.js'
import { pointwise } from '../../graph/ops/pointwise.js'
import { apply, type Tensor } from '../../graph/tensor.js'
import type { OpTag } from '../../graph/op.js'
import { batchedInputs, type DiffRule, mapTangent, type Tangent } from '../diff-rule.js'
import { gate } from './pointwise.js'

/** The tangent of a linear primitive of one argument is the primitive of the tangent. */
const linearJvp = (node: Tensor, [t]: readonly Tangent[]): Tangent =>
  mapTangent(t, (tangent) => apply(node.op, [tangent]))

/** The primitive of a batch, where it looks at the last axes only. */
const sameBatch = (node: Tensor, inputs: readonly Tensor[]): Tensor => apply(node.op, inputs)

/** A primitive whose derivative is 0 at every order. */
const flat = <T extends OpTag>(value: string, batch: typeof sameBatch = sameBatch): DiffRule<T> => ({
  formula: { value, tangent: '0', transpose: 'not linear' },
  jvp: () => undefined,
  transpose: 'not linear',
  batch
})

/** A primitive without arguments is never differentiated nor batched. */
const leaf = <T extends OpTag>(value: string): DiffRule<T> =>
  flat(value, ({ op }) =>
    fail('DiffError', 'vmap', 'an argument to batch', `${op.tag}, which has none that can be`)
  )

const alias: DiffRule<'alias'> = {
  formula: { value: 'y = x', tangent: 'ẋ', transpose: 'ȳ' },
  jvp: (_, [t]) => t,
  transpose: (_, cotangent) => [cotangent],
  batch: sameBatch
}

const barrier: DiffRule<'barrier'> = {
  formula: { value: 'y = x, computed as it is', tangent: 'barrier ẋ', transpose: 'barrier ȳ' },
  jvp: linearJvp,
  transpose: (node, cotangent) => [apply(node.op, [cotangent])],
  batch: sameBatch
}

const reshape: DiffRule<'reshape'> = {
  formula: { value: 'y = x in another shape', tangent: 'reshape ẋ', transpose: 'reshape ȳ back' },
  jvp: linearJvp,
  transpose: (node, cotangent) => [apply({ tag: 'reshape', shape: node.inputs[0]!.shape }, [cotangent])],
  batch: (node, inputs, _, size) => apply({ tag: 'reshape', shape: [size, ...node.op.shape] }, inputs)
}

const slice: DiffRule<'slice'> = {
  formula: { value: 'y = x[start : limit : stride]', tangent: 'slice ẋ', transpose: 'pad ȳ with zeros' },
  jvp: linearJvp,
  transpose: ({ op, inputs, shape }, cotangent) => [
    apply(
      {
        tag: 'pad',
        low: op.start,
        high: inputs[0]!.shape.map((n, a) => n - op.start[a]! - ((shape[a]! - 1) * op.stride[a]! + 1)),
        interior: op.stride.map((s) => s - 1)
      },
      [cotangent]
    )
  ],
  batch: ({ op }, inputs, _, size) =>
    apply(
      { tag: 'slice', start: [0, ...op.start], limit: [size, ...op.limit], stride: [1, ...op.stride] },
      inputs
    )
}

const pad: DiffRule<'pad'> = {
  formula: { value: 'y = x among zeros', tangent: 'pad ẋ', transpose: 'slice ȳ' },
  jvp: linearJvp,
  transpose: ({ op, inputs, shape }, cotangent) => [
    apply(
      {
        tag: 'slice',
        start: op.low,
        limit: shape.map((n, a) => n - op.high[a]!),
        stride: inputs[0]!.shape.map((n, a) => (n === 1 ? 1 : op.interior[a]! + 1))
      },
      [cotangent]
    )
  ],
  batch: ({ op }, inputs) =>
    apply({ tag: 'pad', low: [0, ...op.low], high: [0, ...op.high], interior: [0, ...op.interior] }, inputs)
}

const concat: DiffRule<'concat'> = {
  formula: { value: 'y = [a, b, …]', tangent: '[ȧ, ḃ, …]', transpose: 'slices of ȳ' },
  jvp: (node, tangents) =>
    apply(
      node.op,
      tangents.map((t, k) => t ?? zerosLike(node.inputs[k]!))
    ),
  transpose: ({ op, inputs }, cotangent, linear) => {
    let offset = 0
    return inputs.map(({ shape }, k) => {
      const from = offset
      offset += shape[op.axis]!
      if (linear[k] !== true) return undefined
      return apply(
        {
          tag: 'slice',
          start: shape.map((_, a) => (a === op.axis ? from : 0)),
          limit: shape.map((n, a) => (a === op.axis ? from + n : n)),
          stride: shape.map(() => 1)
        },
        [cotangent]
      )
    })
  },
  batch: ({ op }, inputs, batched, size) =>
    apply({ tag: 'concat', axis: op.axis + 1 }, batchedInputs(inputs, batched, size))
}

/** The derivative of a maximum is shared evenly by the elements that reach it; none reaches one that is NaN, and 0 / 0 says so. */
const reduceMax: DiffRule<'reduceMax'> = {
  formula: { value: 'y = max x over axes', tangent: 'Σ [x = y] ẋ / Σ [x = y]', transpose: 'not linear' },
  jvp: (node, [t]) => {
    if (t === undefined) return undefined
    const { axes } = node.op
    const x = node.inputs[0]!
    const kept = x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n))
    const along = (y: Tensor): Tensor => broadcastTo(apply({ tag: 'reshape', shape: kept }, [y]), x.shape)
    const reached = pointwise.equal(along(node))(x)
    const share = pointwise.div(along(sumOver(reached, axes)))(reached)
    return sumOver(gate(share, product(share, t)), axes)
  },
  transpose: 'not linear',
  batch: ({ op }, inputs) => apply({ tag: 'reduceMax', axes: op.axes.map((axis) => axis + 1) }, inputs)
}

const unfold: DiffRule<'unfold'> = {
  formula: { value: 'y = sliding windows of x', tangent: 'unfold ẋ', transpose: 'fold ȳ' },
  jvp: linearJvp,
  transpose: ({ op, inputs }, cotangent) => {
    const [h, w] = inputs[0]!.shape.slice(-2)
    return [apply({ tag: 'fold', kernel: op.kernel, stride: op.stride, size: [h!, w!] }, [cotangent])]
  },
  batch: sameBatch
}

const fold: DiffRule<'fold'> = {
  formula: { value: 'y = windows added up', tangent: 'fold ẋ', transpose: 'unfold ȳ' },
  jvp: linearJvp,
  transpose: ({ op }, cotangent) => [
    apply({ tag: 'unfold', kernel: op.kernel, stride: op.stride }, [cotangent])
  ],
  batch: sameBatch
}

/** The primitives that do no arithmetic: leaves, identities, moves of elements, maxima. */
export const structure = {
  input: leaf('an argument'),
  keyInput: leaf('a random key'),
  constant: leaf('known elements'),
  iota: leaf('0, 1, 2 … along an axis'),
  random: leaf('numbers drawn on the host'),
  alias,
  stopGradient: flat('y = x'),
  barrier,
  reshape,
  slice,
  pad,
  concat,
  reduceMax,
  unfold,
  fold,
  topKMask: flat('y = [x among the k largest]')
} satisfies { readonly [T in OpTag]?: DiffRule<T> }
