import { fail } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import { remembered } from '../../core/remembered.js'
import { checkShape, forEachPlace, onlyShape, type Shape, showShape, sizeOf } from '../../core/shape.js'
import type { CustomRule, OpTag, Primitive, RandomStep } from '../op.js'

/** Most elements of a constant that is named by its elements. */
const SMALL = 16

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

/** The finaliser of MurmurHash3: every bit in reaches every bit out. */
const avalanche = (x: number): number => {
  const y = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  const z = Math.imul(y ^ (y >>> 13), 0xc2b2ae35)
  return (z ^ (z >>> 16)) >>> 0
}

/**
 * Two lanes of MurmurHash3 with different constants over the bits of the elements: 64 bits that name a large constant.
 * The rotations matter: masks and one-hot rows differ in a few high bits only.
 */
const digest = ({ data }: NdArray): string => {
  const words = new Uint32Array(Float64Array.from(data).buffer)
  let a = 0x811c9dc5
  let b = 0x9747b28c
  for (const word of words) {
    a =
      (Math.imul(rotate(a ^ Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593), 13), 5) +
        0xe6546b64) |
      0
    b =
      (Math.imul(rotate(b ^ Math.imul(rotate(Math.imul(word, 0x239b961b), 16), 0xab0e9789), 19), 5) +
        0x561ccd1b) |
      0
  }
  return `${avalanche(a).toString(16)}.${avalanche(b).toString(16)}`
}

const nameLarge = remembered(digest)

const nameConstant = (value: NdArray): string =>
  value.data.length <= SMALL
    ? Array.from(value.data, (x) => (Object.is(x, -0) ? '-0' : x)).join(' ')
    : nameLarge(value)

/** The elements in float64; they are not copied where they already are. */
export const float64 = ({ data }: NdArray): Float64Array =>
  data instanceof Float64Array ? data : Float64Array.from(data)

const unbound = ({ tag }: { readonly tag: string }): never =>
  fail('EngineError', 'evaluate', 'a value for every argument', `an unbound ${tag}`)

/** A primitive that is its argument, and means something to transformations or the optimiser only. */
const identity = {
  shape: ({ tag }: { readonly tag: string }, inputs: readonly Shape[]): Shape => onlyShape(tag, inputs),
  evaluate: (_: unknown, [x]: readonly Float64Array[]): Float64Array => x!,
  key: JSON.stringify,
  show: (): string => ''
}

/** A primitive of a user's derivative; its first input is its value, so inputs after it are not looked at. */
const ruled = {
  shape: ({ tag }: { readonly tag: string }, [value]: readonly Shape[]): Shape =>
    value ?? fail('ArgumentError', tag, 'a value', 'none'),
  key: ({ tag, rule }: { readonly tag: string; readonly rule: CustomRule }): string => `${tag} ${rule.name}`,
  show: ({ rule }: { readonly rule: CustomRule }): string => rule.name
}

const showStep = (step: RandomStep): string =>
  step.kind === 'each' ? `each ${step.by} ${step.size}` : `${step.kind} ${step.index}`

/** The primitives that compute nothing: arguments, constants, random numbers, and identities with a meaning of their own. */
export const leaf = {
  input: {
    shape: ({ shape }) => checkShape('input', shape),
    evaluate: unbound,
    key: JSON.stringify,
    show: ({ name }) => name
  },
  keyInput: { shape: () => [], evaluate: unbound, key: JSON.stringify, show: ({ name }) => name },
  constant: {
    shape: ({ value }) => value.shape,
    evaluate: ({ value }) => float64(value),
    key: ({ value }) => `constant ${value.shape.join(',')} ${nameConstant(value)}`,
    show: ({ value: { data } }) => (data.length === 1 ? String(data[0]) : '')
  },
  iota: {
    shape: ({ shape, axis }) =>
      Number.isInteger(axis) && axis >= 0 && axis < shape.length
        ? checkShape('iota', shape)
        : fail('AxisError', 'iota', 'an axis', `${axis}`),
    evaluate: ({ axis, shape }) => {
      const out = new Float64Array(sizeOf(shape))
      forEachPlace(shape, (at, coordinates) => (out[at] = coordinates[axis]!))
      return out
    },
    key: JSON.stringify,
    show: ({ axis }) => `axis ${axis}`
  },
  random: {
    shape: ({ shape, path }, [, ids]) => {
      const rows = shape[path.filter(({ kind }) => kind === 'each').length]
      return ids === undefined || (ids.length === 1 && ids[0] === rows)
        ? checkShape('random', shape)
        : fail('ShapeError', 'random', `ids of shape [${rows}]`, showShape(ids))
    },
    evaluate: unbound,
    key: ({ distribution, shape, path }) =>
      `random ${distribution} ${shape.join(',')} ${path.map(showStep).join('/').replaceAll(' ', '')}`,
    show: ({ distribution, path }) => [distribution, ...path.map(showStep)].join(' ')
  },
  alias: identity,
  stopGradient: identity,
  barrier: identity,
  custom: { ...ruled, evaluate: (_, [x]) => x! },
  customLinear: {
    ...ruled,
    evaluate: ({ rule }) =>
      fail('DiffError', 'evaluate', 'a rule with a jvp', `forward mode through customVjp ${rule.name}`)
  }
} satisfies { readonly [T in OpTag]?: Primitive<T> }
