import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { isNdArray } from '../../core/ndarray.js'
import { leaves } from '../../core/tree.js'
import { evaluateOn } from '../../graph/evaluate.js'
import { fold, type Key, random as draw } from '../../graph/key.js'
import { ops } from '../../graph/ops/index.js'
import type { Concrete } from '../../graph/spec.js'
import { isTensor, type Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import type { Params } from '../../nn/layer.js'
import type { Attack, Batch, Box } from '../../nn/model.js'
import { maskedLeafKinds, type MaskedLeaves, type Weights, weightsOf } from '../../nn/weights.js'
import { mapMasked } from '../masked-leaves.js'
import { inFloat32 } from '../top-k.js'

/**
 * A score: the parameters of a network, labelled examples and a key to a number for each weight, and each bias where asked;
 * larger is kept. A bias is scored by the formula of a weight, so that biases that start at 0 score 0 by all but `random`.
 */
export interface Score<P = Params> {
  (params: P, batch: Required<Batch>, key: Key): Weights<P>
  /** The box that its attack keeps inputs in, see `attack.Attack`. */
  readonly box?: Box | undefined
}

/** A score on attacked inputs, with the box of its attack. */
export const withBoxOf = <S extends object>({ box }: Attack, score: S): S & Pick<Attack, 'box'> =>
  Object.assign(score, { box })

/** The options of a score that uses data. */
export interface DataScoreOptions extends MaskedLeaves {
  /** The attack on the inputs on which the score is taken. @defaultValue none */
  readonly attack?: Attack
}

/** The kinds of {@link DataScoreOptions}. */
export const dataScoreKinds: OptionKinds<DataScoreOptions> = { ...maskedLeafKinds, attack: option.function }

/** A total to divide by: 1 in place of 0, where all that it is made of is 0 and stays so. */
export const oneForZero = (total: Tensor): Tensor => ops.where(ops.equal(0)(total))(1, total)

/** Uniform noise in [0, 1), a stream of its own for each leaf: with layer counts, a random mask. */
export const random =
  (key: Key, leaves: MaskedLeaves = {}) =>
  <P>(params: P): Weights<P> =>
    mapMasked(isTensor, ({ value, stream }) => draw.uniform(value.shape)(fold(stream)(key)))(
      weightsOf(params, checkOptions('mask.score.random', maskedLeafKinds, leaves))
    )

/** |w| (Han, Pool, Tran, Dally, arXiv:1506.02626); layer by layer as a rule, since layers differ in scale. */
export const magnitude = <P>(params: P, leaves: MaskedLeaves = {}): Weights<P> =>
  tree.map(ops.abs)(weightsOf(params, checkOptions('mask.score.magnitude', maskedLeafKinds, leaves)))

/**
 * The `score.magnitude` of concrete parameters: what pruning after training keeps the largest of; in float64
 * where a parameter is.
 *
 * @example
 * import assert from 'node:assert'
 * import { mask, ndarray } from 'tangentflow'
 *
 * const [layer] = mask.magnitudes([{ w: ndarray.fromNested([[-2, 1]]), b: ndarray.fromNested([3, 3]) }])
 * assert.deepEqual(ndarray.toNested(layer!.w!), [[2, 1]])
 * assert.equal(layer!.b, undefined)
 */
export const magnitudes = <P = Params>(
  params: Concrete<P>,
  masked: MaskedLeaves = {}
): Concrete<Weights<P>> => {
  checkOptions('mask.magnitudes', maskedLeafKinds, masked)
  const sizes = evaluateOn((p: unknown) => magnitude(p, masked))(params)
  const isNarrow = leaves('mask.magnitudes', isNdArray, params).every(
    ({ value }) => value.data instanceof Float32Array
  )
  return isNarrow ? inFloat32<Concrete<Weights<P>>>(sizes) : (sizes as Concrete<Weights<P>>)
}
