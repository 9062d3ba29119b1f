import type { KeyStep } from '../core/key.js'
import type { NdArray } from '../core/ndarray.js'
import type { Shape } from '../core/shape.js'
import type { PointwiseName } from './primitives/pointwise.js'

/**
 * A symbolic value inside a traced function: one immutable node of the graph. A tensor knows its primitive, its inputs
 * and its shape, never its elements.
 */
export interface Tensor {
  /** Tells a tensor from other values. */
  readonly _tag: 'Tensor'
  /** What computes it. */
  readonly op: Op
  /** What it is computed from. */
  readonly inputs: readonly Tensor[]
  /** The length of every axis; empty for a scalar. */
  readonly shape: Shape
}

/** A closed computation: its arguments in order and its results. Nodes are shared wherever they are equal. */
export interface Graph {
  /** The inputs, in the order of the arguments. */
  readonly inputs: readonly Tensor[]
  /** The results. */
  readonly outputs: readonly Tensor[]
}

/** One derivation of a key, or one for each entry of an axis: the children 0, 1, … of one kind. */
export type RandomStep =
  KeyStep | { readonly kind: 'each'; readonly by: KeyStep['kind']; readonly size: number }

/** What random numbers follow: [0, 1), the standard normal, or ±1. */
export type Distribution = 'uniform' | 'normal' | 'rademacher'

/** A user's reverse rule: it maps the arguments, the result and a cotangent to one cotangent an argument. */
export interface VjpRule {
  readonly name: string
  readonly vjp: (args: readonly Tensor[], out: Tensor, cotangent: Tensor) => readonly Tensor[]
}

/**
 * A user's forward rule: it maps the arguments, the result and tangents (zeros where an argument is constant) to the
 * result's tangent, and is linear in the tangents, so that it can be transposed.
 */
export interface JvpRule {
  readonly name: string
  readonly jvp: (args: readonly Tensor[], out: Tensor, tangents: readonly Tensor[]) => Tensor
}

/** A user's derivative. */
export type CustomRule = VjpRule | JvpRule

/**
 * The primitives, about twenty. Everything else is composed of these, and every interpreter (`graph/primitives`,
 * `diff/rules`, each engine) is one total table over the tag.
 */
export type Op =
  /** An argument of a traced function. */
  | {
      readonly tag: 'input'
      readonly name: string
      readonly shape: Shape
      /** Set where a loop's body is given what may be infinite or NaN although the function's arguments are finite. */
      readonly mayDiverge?: true
    }
  /** A random key among the arguments; only `random` may consume it. */
  | { readonly tag: 'keyInput'; readonly name: string }
  | { readonly tag: 'constant'; readonly value: NdArray }
  /** 0, 1, 2 … along one axis. */
  | { readonly tag: 'iota'; readonly shape: Shape; readonly axis: number }
  /**
   * Host-made random numbers: inputs (key) or (key, ids); with ids, row i depends on the key and ids[i] only. Each `each` of
   * the path takes one of the leading axes, in order.
   */
  | {
      readonly tag: 'random'
      readonly distribution: Distribution
      readonly path: readonly RandomStep[]
      readonly shape: Shape
    }
  /** The identity with an identity of its own: what a transformation differentiates or batches with respect to. */
  | { readonly tag: 'alias' }
  | { readonly tag: 'stopGradient' }
  /**
   * The identity, through which the optimiser does not look: what is behind it is computed as it stands. `precise`: decisions
   * behind it change digits only, and are no kinks of the result.
   */
  | { readonly tag: 'barrier'; readonly precise?: true }
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
   * The opaque linearisation of a `custom` with a vjp. Inputs (result, ...args, ...tangents); it can be transposed, never
   * evaluated.
   */
  | { readonly tag: 'customLinear'; readonly rule: VjpRule; readonly arity: number }
  /**
   * A loop of a fixed number of steps. Inputs (start of each carry, stack of each sequence, what the body captures). The body
   * maps (index, carries, one entry of each sequence, captured) to (next carries, results of the step). The value is one
   * vector: the last carries, then the results of all steps, each stacked. `reverse`: the last step first.
   */
  | {
      readonly tag: 'scan'
      readonly body: Graph
      readonly length: number
      readonly carries: number
      readonly sequences: number
      readonly reverse: boolean
    }

export type OpTag = Op['tag']

/** The record of one primitive. */
export type OpOf<T extends OpTag> = Extract<Op, { tag: T }>

/** A tensor of one known primitive. */
export type TensorOf<T extends OpTag> = Tensor & { readonly op: OpOf<T> }

/** The elements of one node from those of its inputs: what a primitive with a body evaluates it by. */
export type EvaluateNode = (node: Tensor, inputs: readonly Float64Array[]) => Float64Array

/** What tracing, printing and evaluation know of one primitive. Derivatives are in `diff/rules`, kernels in the engines. */
export interface Primitive<T extends OpTag> {
  /** The shape of the result; inputs that do not fit are refused. */
  readonly shape: (op: OpOf<T>, inputs: readonly Shape[]) => Shape
  /** What it means: its elements in float64, row-major. */
  readonly evaluate: (
    op: OpOf<T>,
    inputs: readonly Float64Array[],
    node: TensorOf<T>,
    evaluateNode: EvaluateNode
  ) => Float64Array
  /** Its attributes as text; equal primitives, and only those, have equal text. */
  readonly key: (op: OpOf<T>) => string
  /** What a printed graph says of its attributes. */
  readonly show: (op: OpOf<T>) => string
}
