import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { fail } from '../../core/error.js'
import { sizeOf } from '../../core/shape.js'
import { jvp, vjp } from '../../diff/index.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import type { Model } from '../../nn/model.js'
import {
  factorsOf,
  formKinds,
  type KernelForm,
  type KernelProblem,
  masked,
  maskedKinds,
  type MaskedOptions,
  type MaskTree,
  problemOf,
  timesFactors
} from './kernel-problem.js'
import { type Implementation, type KernelMethod, methodNames, methods, predict } from './methods.js'
import { checked, ofModel } from '../../nn/require.js'

/** Which kernel is computed, and how. */
export interface KernelOptions extends KernelForm {
  /**
   * `auto` is the method that {@link predictCost} predicts to be cheapest for the shapes of the arguments. A kernel that
   * takes less than a million multiplications by any method is contracted without a prediction, which would take longer.
   *
   * @defaultValue `'auto'`
   */
  readonly method?: 'auto' | KernelMethod
}

/** The kinds of {@link KernelOptions}. */
export const kernelKinds: OptionKinds<KernelOptions> = {
  ...formKinds,
  method: option.word('auto', ...methodNames)
}

const SMALL = 1e6

/** The multiplications in the product of both Jacobians. */
const multiplications = <P>({ params, x1, x2, count }: KernelProblem<P>): number =>
  x1.shape[0]! *
  x2.shape[0]! *
  count ** 2 *
  tree.tensors(params).reduce((total, { shape }) => total + sizeOf(shape), 0)

/** The implementation of a method; a name that is none is an ArgumentError. */
const implementationFor = <P>(problem: KernelProblem<P>, method: 'auto' | KernelMethod): Implementation => {
  if (method === 'auto')
    return multiplications(problem) < SMALL ? methods.contracted : methods[predict(problem).method]
  return method in methods
    ? methods[method]
    : fail('ArgumentError', 'empiricalNtk', ['auto', ...methodNames].join(', '), method, 'method')
}

/** The trace over outputs becomes their mean. */
const averaged = <P>({ outputs, count }: KernelProblem<P>): ((kernel: Tensor) => Tensor) =>
  outputs === 'mean' ? ops.div(count) : (kernel) => kernel

/**
 * The empirical neural tangent kernel Θ(x1, x2) = ∇f(x1) ∇f(x2)ᵀ (Jacot, Gabriel, Hongler, arXiv:1806.07572), summed
 * over all parameters. The model is any function of a tree of parameters and a batch that gives [n, outputs]. With a
 * mask, it is the kernel of the masked network, see {@link MaskForm}. Everything is an argument, so kernels can be
 * differentiated. Layouts: see {@link Outputs}; how it is computed: {@link KernelMethod}.
 *
 * @defaultValue `x2` is `x1`
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
export const empiricalNtk = checked(
  'ntk.empiricalNtk',
  ofModel,
  <P>(model: Model<P>, options: KernelOptions = {}) =>
    (params: P, x1: Tensor, x2: Tensor = x1, mask?: MaskTree): Tensor => {
      checkOptions('ntk.empiricalNtk', kernelKinds, options)
      const { method = 'auto', ...form } = options
      const problem = problemOf(model, form, params, x1, x2, mask)
      return averaged(problem)(implementationFor(problem, method).total(problem))
    }
)

/**
 * The share Θ_l of every leaf of the parameters in the kernel Θ = Σ Θ_l, in the tree of the parameters. Options,
 * arguments and layouts are those of {@link empiricalNtk}.
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
export const layerKernels = checked(
  'ntk.layerKernels',
  ofModel,
  <P>(model: Model<P>, options: KernelOptions = {}) =>
    (params: P, x1: Tensor, x2: Tensor = x1, mask?: MaskTree): P => {
      checkOptions('ntk.layerKernels', kernelKinds, options)
      const { method = 'auto', ...form } = options
      const problem = problemOf(model, form, params, x1, x2, mask)
      const shares = implementationFor(problem, method).leaves(problem).map(averaged(problem))
      return tree.replace('layerKernels', params, shares)
    }
)

/**
 * Θ(x1, x2) v without any kernel or Jacobian, by one vector–Jacobian product at x2 and one Jacobian–vector product at
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
export const ntkVectorProduct = checked(
  'ntk.ntkVectorProduct',
  ofModel,
  <P>(model: Model<P>, options: MaskedOptions = {}) =>
    (params: P, x1: Tensor, x2: Tensor, v: Tensor, mask?: MaskTree): Tensor => {
      const operation = 'ntkVectorProduct'
      checkOptions('ntk.ntkVectorProduct', maskedKinds, options)
      const { mask: form = 'restricted' } = options
      const effective = masked(operation, params, mask)
      const factors = factorsOf(operation, params, mask, form)
      const gradient = vjp((p: P) => model(p)(x2))(effective)[1](v)
      return jvp((p: P) => model(p)(x1))(effective, timesFactors(operation, gradient, factors))[1]
    }
)
