import { plain } from '../core/plain.js'
import { requireFraction } from '../core/check.js'
import { random } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Layer } from './layer.js'

/**
 * Dropout (Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014), in the form that
 * scales in training: where `apply` is given a key, each element of a batch is 0 with probability `rate`, and the others are divided
 * by 1 − rate, so that the mean stays; without a key it is the identity. Objectives of `train` give a key of each step to their
 * models; attacks, kernels, scores of masks and `evaluate` give none. A rate outside [0, 1) is an ArgumentError.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, key, type Key, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const layer = nn.dropout(0.5)
 * const x = ndarray.full([2, 8], 1)
 * assert.deepEqual(ndarray.toNested(evaluateOn((t: Tensor) => layer.apply({})(t))(x)), ndarray.toNested(x))
 * const dropped = evaluateOn((t: Tensor, k: Key) => layer.apply({}, k)(t))(x, key(0))
 * assert.ok(dropped.data.every((v) => v === 0 || v === 2))
 */
export const dropout = plain('nn.dropout', (rate: number): Layer => {
  requireFraction('nn.dropout', 'rate', rate, '[0, 1)')
  return {
    outputShape: (shape) => shape,
    init: () => ({}),
    apply: (_, key) => (x) =>
      key === undefined || rate === 0
        ? x
        : ops.where(ops.greaterEqual(rate)(random.uniform(x.shape)(key)))(ops.div(1 - rate)(x), 0)
  }
})
