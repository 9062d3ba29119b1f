import { plain } from '../core/plain.js'
import { isNdArray, type NdArray } from '../core/ndarray.js'
import type { Shape } from '../core/shape.js'
import { option, type OptionKinds } from '../core/options.js'
import { partOf } from '../core/tree.js'
import type { Concrete } from '../graph/spec.js'
import { isTensor, type Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import type { Params } from './layer.js'

/** What a place of an array holds whose leaf takes no part. */
type Empty = { readonly [field: string]: never }

/**
 * The part of parameters that masks and scores cover, one number for each: every weight, and biases where asked. It has
 * the form of the parameters, without the leaves that take no part.
 */
export type Weights<P = Params> = P extends Tensor | NdArray
  ? P
  : P extends readonly (infer Child)[]
    ? readonly (Child extends Tensor | NdArray ? Child | Empty : Weights<Child>)[]
    : { readonly [K in keyof P]?: Weights<P[K]> }

/** Which leaves of the parameters take part in masks and scores besides the weights. */
export interface MaskedLeaves {
  /** Whether biases take part. @defaultValue false */
  readonly biases?: boolean
}

/** The kinds of {@link MaskedLeaves}. */
export const maskedLeafKinds: OptionKinds<MaskedLeaves> = { biases: option.flag }

/** Whether a leaf is a weight, which joins inputs to outputs and so has two axes or more; all others are biases. */
export const isWeight = ({ shape }: { readonly shape: Shape }): boolean => shape.length >= 2

const isArray = (value: unknown): value is Tensor | NdArray => isTensor(value) || isNdArray(value)

/**
 * The weights of parameters, traced or concrete, and the biases where they take part: what masks and scores cover.
 * A leaf of two axes or more is a weight, any other a bias.
 *
 * @example
 * import assert from 'node:assert'
 * import { ndarray, nn } from 'tangentflow'
 *
 * const [w, b] = [ndarray.zeros([3, 2]), ndarray.zeros([2])]
 * assert.deepEqual(nn.weightsOf([{ w, b }, {}]), [{ w }, {}])
 * assert.deepEqual(nn.weightsOf({ encoder: { w, b }, head: { w } }), { encoder: { w }, head: { w } })
 * assert.deepEqual(nn.weightsOf([{ w, b }, {}], { biases: true }), [{ w, b }, {}])
 */
export const weightsOf = plain(
  'nn.weightsOf',
  <P>(params: P, { biases = false }: MaskedLeaves = {}): Weights<P> =>
    partOf<Tensor | NdArray, Weights<P>>('nn.weightsOf', isArray, params, (leaf) => biases || isWeight(leaf))
)

/**
 * {@link weightsOf} concrete parameters of any form: `Weights<Concrete<P>>` is `Concrete<Weights<P>>` for every P, which the
 * compiler cannot know.
 */
export const concreteWeightsOf = <P>(
  params: Concrete<P>,
  { biases = false }: MaskedLeaves
): Concrete<Weights<P>> =>
  partOf<NdArray, Concrete<Weights<P>>>('nn.weightsOf', isNdArray, params, (leaf) => biases || isWeight(leaf))

/** The parameters with other weights; what the tree of weights leaves out stays. */
export const withWeights = <P>(params: P, weights: Weights<P>): P =>
  tree.zipPart(weights, (_, weight) => weight, 'nn.withWeights')(params)
