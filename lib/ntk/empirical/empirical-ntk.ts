import { sizeOf } from '../../core/shape.js'
import { rebuild } from '../../core/tree.js'
import * as ops from '../../graph/ops/index.js'
import { isTensor, type Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import type { Model } from '../../nn/batch.js'
import type { MaskTree } from './masked.js'
import { type Method, methodOf, methods } from './methods.js'
import { predict } from './predict-cost.js'
import { type KernelForm, type Problem, problemOf, type Rule } from './kernel-problem.js'

/** Which kernel is wanted, and how it is computed. */
export interface KernelOptions extends KernelForm {
  /**
   * `auto` unless given: what {@link predictCost} finds cheapest for the shapes at hand. A kernel that takes less than a
   * million multiplications by any method is contracted without a prediction, which would take longer.
   */
  readonly method?: 'auto' | Method
}

const SMALL = 1e6

/** The multiplications in the product of both Jacobians. */
const productOf = <P>({ params, x1, x2, count }: Problem<P>): number =>
  x1.shape[0]! *
  x2.shape[0]! *
  count ** 2 *
  tree.tensors(params).reduce((total, { shape }) => total + sizeOf(shape), 0)

const ruleFor = <P>(problem: Problem<P>, method: 'auto' | Method): Rule => {
  if (method !== 'auto') return methodOf(method)
  return productOf(problem) < SMALL ? methods.contracted : methods[predict(problem).method]
}

/** The trace over outputs becomes their mean. */
const meaned = <P>({ outputs, count }: Problem<P>): ((kernel: Tensor) => Tensor) =>
  outputs === 'mean' ? ops.scale(1 / count) : (kernel) => kernel

/**
 * The empirical neural tangent kernel Θ(x1, x2) = ∇f(x1) ∇f(x2)ᵀ (Jacot, Gabriel, Hongler, arXiv:1806.07572), summed
 * over all parameters; x2 = x1 unless given. The model is any function of a tree of parameters and a batch that gives
 * [n, outputs]. With a mask, the kernel of the masked network, see {@link MaskForm}. Everything is an argument, so
 * kernels can be differentiated. Layouts: see {@link Outputs}; how it is computed: {@link Method}.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, key, ndarray, nn, ntk, type Tensor } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(3))
 * const kernel = (p: nn.Params, x: Tensor) => ntk.empiricalNtk(net.apply, { outputs: 'mean' })(p, x)
 * const x = ndarray.fromNested([[1, 2], [0, 1]])
 * // a linear model with a bias: Θ(x, x′) = x·x′ + 1
 * assert.deepEqual(ndarray.toNested(evaluateOn(kernel)(net.init(key(0), [2]), x)), [[6, 3], [3, 2]])
 */
export const empiricalNtk =
  <P>(model: Model<P>, { method = 'auto', ...form }: KernelOptions = {}) =>
  (params: P, x1: Tensor, x2: Tensor = x1, mask?: MaskTree): Tensor => {
    const problem = problemOf(model, form, params, x1, x2, mask)
    return meaned(problem)(ruleFor(problem, method).total(problem))
  }

/**
 * The share Θ_l of every leaf of the parameters in the kernel Θ = Σ Θ_l, in the tree of the parameters. Options,
 * arguments and layouts as in {@link empiricalNtk}.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, nn, ntk, type Tensor } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(1))
 * const shares = (p: nn.Params, x: Tensor) => ntk.layerKernels(net.apply, { outputs: 'mean' })(p, x)
 * const params = [{ w: ndarray.fromNested([[7], [8]]), b: ndarray.fromNested([9]) }]
 * const [dense] = evaluateOn(shares)(params, ndarray.fromNested([[1, 2]]))
 * assert.deepEqual([dense?.w?.data[0], dense?.b?.data[0]], [5, 1]) // x·x′ and 1
 */
export const layerKernels =
  <P>(model: Model<P>, { method = 'auto', ...form }: KernelOptions = {}) =>
  (params: P, x1: Tensor, x2: Tensor = x1, mask?: MaskTree): P => {
    const problem = problemOf(model, form, params, x1, x2, mask)
    const shares = ruleFor(problem, method).leaves(problem).map(meaned(problem))
    return rebuild<Tensor, P>('layerKernels', isTensor, params, shares)
  }
