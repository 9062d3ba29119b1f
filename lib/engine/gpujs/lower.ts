import {
  add,
  clamp,
  constantIndex,
  divide,
  type Index,
  ravel,
  scale,
  unravel
} from '../../../kernels/coordinate.js'
import { jumpsOf, scalarFunctions } from '../../../kernels/scalar.js'
import { literal, type Value } from '../../../kernels/value.js'
import { sizeOf } from '../../core/shape.js'
import { functions } from '../../graph/primitives/pointwise.js'
import type { Tensor, TensorOf } from '../../graph/tensor.js'
import { expectNormal } from '../../optimise/normal-form.js'
import { type DeviceTag, requireCountable } from '../plan.js'

/** The value of an input of a node at given coordinates. */
export type Read = (input: number, at: readonly Index[]) => Value

/** How an operand of a product lies to its loops and its result. */
export interface ProductOperand {
  /** The operand's axes that are summed, in the order of the loops. */
  readonly summed: readonly number[]
  /** For each axis of the result the operand's axis that shows it, or −1. */
  readonly shown: readonly number[]
}

/** What a primitive is to the schedule. */
export type Lowered =
  /** An array that is given: an input or a constant. */
  | { readonly kind: 'array' }
  /** A value that is computed wherever it is needed. */
  | {
      readonly kind: 'inline'
      readonly value: (at: readonly Index[], read: Read) => Value
      /** Whether it reads an input at its own coordinates only. */
      readonly aligned: (input: number) => boolean
      /** Arithmetic operations an element, where a call out of WebAssembly counts as 25. */
      readonly cost: number
      /** Jumps that a shader's compiler makes of it. */
      readonly jumps: number
      /** Whether computing it twice gives the same bits on every backend, whatever the precision between. */
      readonly exact: boolean
    }
  /** A loop over further coordinates. */
  | {
      readonly kind: 'reduce'
      readonly combine: 'sum' | 'max'
      readonly loops: readonly number[]
      readonly body: (at: readonly Index[], loops: readonly Index[], read: Read) => Value
      /** For a product of two operands without diagonals: how each takes part. */
      readonly product?: readonly [ProductOperand, ProductOperand]
    }
  | { readonly kind: 'topK'; readonly rows: number; readonly size: number; readonly k: number }

type Rule<T extends DeviceTag> = (node: TensorOf<T>) => Lowered

type Inline = Extract<Lowered, { readonly kind: 'inline' }>

const inline = (
  value: (at: readonly Index[], read: Read) => Value,
  {
    aligned = () => false,
    cost = 0,
    jumps = 0,
    exact = true
  }: Partial<Pick<Inline, 'aligned' | 'cost' | 'jumps' | 'exact'>> = {}
): Lowered => ({ kind: 'inline', value, aligned, cost, jumps, exact })

const within = (at: Index, size: number, inside: Value, outside: Value): Value => ({
  kind: 'within',
  at,
  size,
  inside,
  outside
})

const mul = (a: Value, b: Value): Value => {
  if (a.kind === 'literal' && a.value === 1) return b
  if (b.kind === 'literal' && b.value === 1) return a
  return { kind: 'apply', fn: 'mul', args: [a, b] }
}

/** A contraction in normal form: at most two operands, in which as in the output no index is repeated. */
const contract: Rule<'contract'> = ({ op }) => {
  const form = expectNormal(op)
  const { operands, output, sizes } = op
  const summed = [...new Set(operands.flat())].filter((index) => !output.includes(index))
  const value = (at: readonly Index[], loops: readonly Index[], read: Read): Value => {
    const coordinate = (index: number): Index =>
      output.includes(index) ? at[output.indexOf(index)]! : loops[summed.indexOf(index)]!
    return operands.map((indices, k) => read(k, indices.map(coordinate))).reduce(mul)
  }
  const aligned = (k: number): boolean =>
    operands[k]!.length === output.length && output.every((index, a) => index === operands[k]![a])
  const part = (indices: readonly number[]): ProductOperand => ({
    summed: summed.map((index) => indices.indexOf(index)),
    shown: output.map((index) => indices.indexOf(index))
  })
  const sum = {
    kind: 'reduce',
    combine: 'sum',
    loops: summed.map((index) => sizes[index]!),
    body: value
  } as const
  const inlined = (at: readonly Index[], read: Read): Value => value(at, [], read)
  switch (form.kind) {
    case 'permute':
      return inline(inlined, { aligned })
    case 'product':
      return inline(inlined, { aligned, cost: 1, exact: false })
    case 'sum':
      return sum
    case 'matmul':
      return { ...sum, product: [part(operands[0]!), part(operands[1]!)] }
  }
}

/** A coordinate among windows that step by `stride`: which one, and zero where it falls between or outside. */
const strided = (
  at: Index,
  count: number,
  stride: number
): { readonly at: Index; readonly guard: (value: Value) => Value } => {
  const span = (count - 1) * stride + 1
  const inside = clamp(at, span)
  const { quotient, remainder } = divide(inside, stride)
  return {
    at: quotient,
    guard: (value) => within(at, span, within(remainder, 1, value, literal(0)), literal(0))
  }
}

/** The lowering of every primitive that reaches a device: what it computes at one place of its result. */
const rules: { readonly [T in DeviceTag]: Rule<T> } = {
  input: () => ({ kind: 'array' }),
  constant: ({ op: { value } }) => {
    const first = value.data[0]!
    return value.data.every((x) => Object.is(x, first))
      ? inline(() => literal(Math.fround(first)))
      : { kind: 'array' }
  },
  iota: ({ op }) => {
    requireCountable(op.shape[op.axis]!)
    return inline((at) => ({ kind: 'position', at: at[op.axis]! }))
  },
  pointwise: ({ op, inputs }) => {
    const [fn, rest] = op.fn === 'gate' ? (['select', [literal(0)]] as const) : ([op.fn, []] as const)
    return inline(
      (at, read) => ({ kind: 'apply', fn, args: [...inputs.map((_, k) => read(k, at)), ...rest] }),
      {
        aligned: () => true,
        cost: scalarFunctions[fn].cost,
        jumps: jumpsOf(fn),
        exact: functions[op.fn].exact
      }
    )
  },
  contract,
  barrier: () => inline((at, read) => read(0, at), { aligned: () => true }),
  reshape: ({ op: { shape }, inputs }) =>
    inline((at, read) => read(0, unravel(ravel(at, shape), inputs[0]!.shape))),
  slice: ({ op: { start, stride } }) =>
    inline((at, read) =>
      read(
        0,
        at.map((index, a) => add(constantIndex(start[a]!), scale(stride[a]!, index)))
      )
    ),
  pad: ({ op: { low, interior }, inputs }) =>
    inline((at, read) => {
      const places = at.map((index, a) =>
        strided(add(index, constantIndex(-low[a]!)), inputs[0]!.shape[a]!, interior[a]! + 1)
      )
      const value = read(
        0,
        places.map((place) => place.at)
      )
      return places.reduce((inner, place) => place.guard(inner), value)
    }),
  concat: ({ op: { axis: along }, inputs }) =>
    inline((at, read) => {
      let start = 0
      const parts = inputs.map((input, k) => {
        const size = input.shape[along]!
        const index = add(at[along]!, constantIndex(-start))
        start += size
        const value = read(
          k,
          at.map((other, a) => (a === along ? clamp(index, size) : other))
        )
        return { index, size, value }
      })
      return parts
        .slice(0, -1)
        .reduceRight((rest, { index, size, value }) => within(index, size, value, rest), parts.at(-1)!.value)
    }),
  reduceMax: ({ op: { axes }, inputs }) => {
    const { shape } = inputs[0]!
    return {
      kind: 'reduce',
      combine: 'max',
      loops: axes.map((a) => shape[a]!),
      body: (at, loops, read) => {
        let next = 0
        return read(
          0,
          shape.map((_, a) => (axes.includes(a) ? loops[axes.indexOf(a)]! : at[next++]!))
        )
      }
    }
  },
  unfold: ({ op: { stride } }) =>
    inline((at, read) => {
      const [ky, kx, oy, ox] = at.slice(-4)
      return read(0, [...at.slice(0, -4), add(scale(stride[0], oy!), ky!), add(scale(stride[1], ox!), kx!)])
    }),
  fold: ({ op: { kernel, stride }, inputs }) => {
    const [oh, ow] = inputs[0]!.shape.slice(-2)
    return {
      kind: 'reduce',
      combine: 'sum',
      loops: kernel,
      body: (at, loops, read) => {
        const [y, x] = at.slice(-2)
        const [ky, kx] = loops
        const rows = strided(add(y!, scale(-1, ky!)), oh!, stride[0])
        const columns = strided(add(x!, scale(-1, kx!)), ow!, stride[1])
        return rows.guard(columns.guard(read(0, [...at.slice(0, -2), ky!, kx!, rows.at, columns.at])))
      }
    }
  },
  topKMask: ({ op: { k }, shape }) => {
    const size = requireCountable(shape.at(-1)!)
    return { kind: 'topK', rows: sizeOf(shape.slice(0, -1)), size, k }
  }
}

const isDevice = (tag: string): tag is DeviceTag => tag in rules

/** Lowers one node, or undefined for a primitive that never reaches a device. */
export const lower = (node: Tensor): Lowered | undefined => {
  if (!isDevice(node.op.tag)) return undefined
  const rule = rules[node.op.tag] as (node: Tensor) => Lowered
  return rule(node)
}
