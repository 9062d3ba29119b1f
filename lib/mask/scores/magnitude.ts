import { evaluateOn } from '../../graph/evaluate.js'
import { ops } from '../../graph/ops/index.js'
import type { Concrete } from '../../graph/spec.js'
import * as tree from '../../graph/tree.js'
import { type MaskedLeaves, type Params, type Weights, weightsOf } from '../../nn/layer.js'
import { inFloat32 } from '../top-k.js'

/** |w| (Han, Pool, Tran, Dally, arXiv:1506.02626); layer by layer as a rule, since layers differ in scale. */
export const magnitude = (params: Params, leaves: MaskedLeaves = {}): Weights =>
  tree.map(ops.abs)(weightsOf(params, leaves))

/**
 * The {@link magnitude} of concrete parameters: what pruning after training keeps the largest of.
 *
 * @example
 * import assert from 'node:assert'
 * import { mask, ndarray } from 'tangentflow'
 *
 * const [layer] = mask.magnitudes([{ w: ndarray.fromNested([[-2, 1]]), b: ndarray.fromNested([3, 3]) }])
 * assert.deepEqual(ndarray.toNested(layer!.w!), [[2, 1]])
 * assert.equal(layer!.b, undefined)
 */
export const magnitudes = (params: Concrete<Params>, leaves: MaskedLeaves = {}): Concrete<Weights> =>
  inFloat32(evaluateOn((p: Params) => magnitude(p, leaves))(params))
