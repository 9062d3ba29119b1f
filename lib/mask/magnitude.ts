import { type NdArray, of } from '../core/ndarray.js'
import type { Concrete } from '../graph/spec.js'
import { type MaskedLeaves, type Params, type Weights, weightsOf } from '../nn/layer.js'
import { mapMasked } from './masked-leaves.js'

/**
 * |w| of concrete parameters, and |b| where biases take part: what pruning after training keeps the largest of (Han, Pool, Tran,
 * Dally, arXiv:1506.02626).
 *
 * @example
 * import assert from 'node:assert'
 * import { mask, ndarray } from 'tangentflow'
 *
 * const [layer] = mask.magnitudes([{ w: ndarray.fromNested([[-2, 1]]), b: ndarray.fromNested([3, 3]) }])
 * assert.deepEqual(ndarray.toNested(layer!.w!), [[2, 1]])
 * assert.equal(layer!.b, undefined)
 */
export const magnitudes = (params: Concrete<Params>, covering: MaskedLeaves = {}): Concrete<Weights> =>
  mapMasked(({ shape, data }: NdArray) => of(shape, Float32Array.from(data, Math.abs)))(
    weightsOf(params, covering)
  )
