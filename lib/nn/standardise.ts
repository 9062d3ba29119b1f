import { fail } from '../core/error.js'
import { add, scale } from '../graph/ops/index.js'
import { pointwise } from './activation.js'
import type { Layer } from './layer.js'

/**
 * (x − mean) / deviation, the same for every element: images are standardised inside the network, so that attacks and their ε
 * stay in the units of the images. A deviation that is not above 0 is an ArgumentError. `data.moments` has both numbers.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const net = nn.serial(nn.standardise(0.5, 0.25))
 * const out = evaluateOn((x: Tensor) => net.apply([{}])(x))(ndarray.fromNested([[0, 0.5, 1]]))
 * assert.deepEqual(ndarray.toNested(out), [[-2, 0, 2]])
 */
export const standardise = (mean: number, deviation: number): Layer => {
  if (!Number.isFinite(mean)) fail('ArgumentError', 'nn.standardise', 'a finite mean', `${mean}`, 'mean')
  if (!(Number.isFinite(deviation) && deviation > 0))
    fail('ArgumentError', 'nn.standardise', 'a finite deviation above 0', `${deviation}`, 'deviation')
  return pointwise((x) => scale(1 / deviation)(add(-mean)(x)))
}
