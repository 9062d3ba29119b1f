import type { KeyStep } from '../core/key.js'
import type { NdArray } from '../core/ndarray.js'
import type { Shape } from '../core/shape.js'
import type { Tensor } from './tensor.js'

/** Pointwise functions of one argument. */
export type UnaryName =
  'neg' | 'exp' | 'log' | 'sqrt' | 'tanh' | 'sin' | 'cos' | 'erf' | 'sign' | 'abs' | 'floor'

/** Pointwise functions of two arguments of equal shape. Comparisons give 0 or 1. */
export type BinaryName = 'add' | 'sub' | 'div' | 'max' | 'min' | 'pow' | 'less' | 'lessEqual' | 'equal'

/** `select(condition, a, b)`: a where the condition is not 0, else b. */
export type PointwiseName = UnaryName | BinaryName | 'select'

/** What random numbers follow: [0, 1), the standard normal, or ±1. */
export type Distribution = 'uniform' | 'normal' | 'rademacher'

/**
 * A user's derivative. `vjp` maps the arguments, the result and a cotangent to one cotangent an argument; `jvp`, when
 * there is one, maps the arguments, the result and tangents (zeros where an argument is constant) to the
 * result's tangent.
 */
export interface CustomRule {
  readonly name: string
  readonly vjp: (args: readonly Tensor[], out: Tensor, cotangent: Tensor) => readonly Tensor[]
  readonly jvp?: (args: readonly Tensor[], out: Tensor, tangents: readonly Tensor[]) => Tensor
}

/**
 * The primitives, about twenty. Everything else is composed of these, and every interpreter (shape, evaluation,
 * linearisation, transposition, batching, each engine) is one total table over the tag.
 */
export type Op =
  /** An argument of a traced function. */
  | { readonly tag: 'input'; readonly name: string; readonly shape: Shape }
  /** A random key among the arguments; only `random` may consume it. */
  | { readonly tag: 'keyInput'; readonly name: string }
  | { readonly tag: 'constant'; readonly value: NdArray }
  /** 0, 1, 2 … along one axis. */
  | { readonly tag: 'iota'; readonly shape: Shape; readonly axis: number }
  /** Host-made random numbers: inputs (key) or (key, ids); with ids, row i depends on the key and ids[i] only. */
  | {
      readonly tag: 'random'
      readonly distribution: Distribution
      readonly path: readonly KeyStep[]
      readonly shape: Shape
    }
  /** The identity with an identity of its own: what a transformation differentiates or batches with respect to. */
  | { readonly tag: 'alias' }
  | { readonly tag: 'stopGradient' }
  /** The identity, through which the optimiser does not look: what is behind it is computed as it stands. */
  | { readonly tag: 'barrier' }
  | { readonly tag: 'pointwise'; readonly fn: PointwiseName }
  /**
   * An n-ary einsum. `operands[k]` names the index of each axis of operand k, `output` those of the result,
   * `sizes[i]` is the size of index i. An index only in operands is summed; an index only in the output is a
   * broadcast; a repeated index is a diagonal, on either side. No operands: a constant pattern of ones.
   */
  | {
      readonly tag: 'contract'
      readonly operands: readonly (readonly number[])[]
      readonly output: readonly number[]
      readonly sizes: readonly number[]
    }
  | { readonly tag: 'reshape'; readonly shape: Shape }
  /** `start[a], start[a]+stride[a], … < limit[a]` along every axis. */
  | {
      readonly tag: 'slice'
      readonly start: readonly number[]
      readonly limit: readonly number[]
      readonly stride: readonly number[]
    }
  /** Zeros before, after, and `interior` of them between neighbours, along every axis. */
  | {
      readonly tag: 'pad'
      readonly low: readonly number[]
      readonly high: readonly number[]
      readonly interior: readonly number[]
    }
  | { readonly tag: 'concat'; readonly axis: number }
  /** The largest element over the axes, which are removed. */
  | { readonly tag: 'reduceMax'; readonly axes: readonly number[] }
  /** Sliding windows of the last two axes: [..., H, W] → [..., kh, kw, oh, ow], no padding. */
  | {
      readonly tag: 'unfold'
      readonly kernel: readonly [number, number]
      readonly stride: readonly [number, number]
    }
  /** The transpose of `unfold`: overlapping windows are added into [..., H, W]. */
  | {
      readonly tag: 'fold'
      readonly kernel: readonly [number, number]
      readonly stride: readonly [number, number]
      readonly size: readonly [number, number]
    }
  /** Along the last axis, 1 at the k largest and 0 elsewhere; of equal elements the first come first. */
  | { readonly tag: 'topKMask'; readonly k: number }
  /** Inputs (value, ...args): the value, with the derivative of `rule`. */
  | { readonly tag: 'custom'; readonly rule: CustomRule }
  /**
   * The opaque linearisation of a `custom` without a jvp. Inputs (result, ...args, ...tangents); it can be
   * transposed, never evaluated.
   */
  | { readonly tag: 'customLinear'; readonly rule: CustomRule; readonly arity: number }

export type OpTag = Op['tag']

/** The record of one primitive. */
export type OpOf<T extends OpTag> = Extract<Op, { tag: T }>
