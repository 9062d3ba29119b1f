import { jvp, vjp } from '../../diff/index.js'
import { rebuild } from '../../core/tree.js'
import * as ops from '../../graph/ops/index.js'
import { isTensor, type Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import type { Model } from '../../nn/batch.js'
import { factorsOf, masked, type MaskedOptions, type MaskTree } from './masked.js'

/**
 * Θ(x1, x2) v without any kernel or Jacobian: one vector–Jacobian product at x2 and one Jacobian–vector product at
 * x1. v is [n2, outputs], the result [n1, outputs]: Σ_mp Θ[n, m, o, p] v[m, p]. Masks as in {@link empiricalNtk}.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, key, ndarray, nn, ntk, type Tensor } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(1))
 * const times = (p: nn.Params, x: Tensor, v: Tensor) => ntk.ntkVectorProduct(net.apply)(p, x, x, v)
 * const x = ndarray.fromNested([[1, 2], [0, 1]])
 * // Θ = [[6, 3], [3, 2]], as for `empiricalNtk`
 * const product = evaluateOn(times)(net.init(key(0), [2]), x, ndarray.fromNested([[1], [-1]]))
 * assert.deepEqual(ndarray.toNested(product), [[3], [1]])
 */
export const ntkVectorProduct =
  <P>(model: Model<P>, { mask: form = 'restricted' }: MaskedOptions = {}) =>
  (params: P, x1: Tensor, x2: Tensor, v: Tensor, mask?: MaskTree): Tensor => {
    const effective = masked('ntkVectorProduct', params, mask)
    const factors = factorsOf('ntkVectorProduct', params, mask, form)
    const gradient = vjp((p: P) => model(p)(x2))(effective)[1](v)
    const direction = rebuild<Tensor, P>(
      'ntkVectorProduct',
      isTensor,
      params,
      tree.tensors(gradient).map((g, l) => factors[l]!.reduce((scaled, m) => ops.mul(m)(scaled), g))
    )
    return jvp((p: P) => model(p)(x1))(effective, direction)[1]
  }
