import { fail } from '../../core/error.js'
import { showShape } from '../../core/shape.js'
import { jacrev, linearize, vmap } from '../../diff/index.js'
import { zerosLike } from '../../graph/constant.js'
import { contract } from '../../graph/contract.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import type { Model } from '../../nn/model.js'
import { type KernelProblem, type Outputs, timesFactors } from './kernel-problem.js'

/**
 * A way to compute a kernel (the first two in the words of Novak, Sohl-Dickstein, Schoenholz, arXiv:2206.08720).
 * `jacobian`: both Jacobians are formed and multiplied; the reference. `vectorProduct`: column by column, a
 * vector–Jacobian and a Jacobian–vector product each. `contracted`: the products of Jacobians are contractions whose
 * cheapest path is searched for, so that Jacobians are formed only where that is cheapest.
 */
export type Method = 'jacobian' | 'vectorProduct' | 'contracted'

/** How a method computes a kernel: the share of each leaf of the parameters, and the sum of all shares. */
export interface Implementation {
  readonly leaves: <P>(problem: KernelProblem<P>) => readonly Tensor[]
  readonly total: <P>(problem: KernelProblem<P>) => Tensor
}

/** The indices of a kernel in a contraction: both examples and both outputs. */
const [N, M, O, P] = [0, 1, 2, 3]

/** For each part of a kernel its axes, and the output indices of the two Jacobians. */
const layouts: {
  readonly [K in Outputs]: {
    readonly axes: readonly number[]
    readonly left: number
    readonly right: number
  }
} = {
  full: { axes: [N, M, O, P], left: O, right: P },
  diag: { axes: [N, M, O], left: O, right: O },
  mean: { axes: [N, M], left: O, right: O }
}

const layoutOf = (outputs: Outputs): (typeof layouts)[Outputs] =>
  outputs in layouts
    ? layouts[outputs]
    : fail('ArgumentError', 'empiricalNtk', Object.keys(layouts).join(', '), outputs, 'outputs')

/** The outputs of one example, [outputs]. */
const single =
  <P>(model: Model<P>) =>
  (params: P, x: Tensor): Tensor => {
    const out = model(params)(ops.expandDims(0)(x))
    return out.shape.length === 2 && out.shape[0] === 1
      ? ops.squeeze(0)(out)
      : fail('ShapeError', 'ntk', 'a model with outputs [n, outputs]', showShape(out.shape))
  }

/**
 * ∇f of every example: the parameter tree with leaves [n, outputs, …leaf]. A model that does not give [n, outputs], such
 * as a loss, is a ShapeError.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ntk, ops, type Tensor } from 'tangentflow'
 *
 * // f(x) = x w with two inputs and one output: ∂f/∂w is the input itself
 * const linear = (w: Tensor) => (x: Tensor) => ops.matmul(w)(x)
 * const slopes = (w: Tensor, x: Tensor) => ntk.jacobians(linear, w, x)
 * const found = evaluateOn(slopes)(ndarray.fromNested([[5], [7]]), ndarray.fromNested([[1, 2], [3, 4]]))
 * assert.deepEqual(ndarray.toNested(found), [[[[1], [2]]], [[[3], [4]]]])
 */
export const jacobians = <P>(model: Model<P>, params: P, x: Tensor): P =>
  vmap((example: Tensor) => jacrev((p: P) => single(model)(p, example))(params))(x)

/** One leaf's share of the kernel as ONE contraction, so that the path search may never form the Jacobians. */
const leafKernel = (outputs: Outputs, j1: Tensor, j2: Tensor, factors: readonly Tensor[]): Tensor => {
  const { axes, left, right } = layoutOf(outputs)
  const inner = j1.shape.slice(2)
  const leaf = inner.map((_, axis) => 4 + axis)
  return contract(
    [j1, ...factors, j2],
    [[N, left, ...leaf], ...factors.map(() => leaf), [M, right, ...leaf]],
    axes,
    [j1.shape[0]!, j2.shape[0]!, j1.shape[1]!, j2.shape[1]!, ...inner]
  )
}

/** J(x1) diag(factors) J(x2)ᵀ leaf by leaf; `wrap` is applied to every Jacobian first. */
const jacobianProducts = (wrap: (jacobian: Tensor) => Tensor): Implementation => {
  const leaves: Implementation['leaves'] = ({ model, params, x1, x2, factors, outputs }) => {
    const jacobiansAt = (x: Tensor): readonly Tensor[] => tree.tensors(jacobians(model, params, x)).map(wrap)
    const left = jacobiansAt(x1)
    const right = x2 === x1 ? left : jacobiansAt(x2)
    return left.map((j, l) => leafKernel(outputs, j, right[l]!, factors[l]!))
  }
  return { leaves, total: (problem) => leaves(problem).reduce((total, share) => ops.add(share)(total)) }
}

/** The rows of J(x2) diag(factors), one direction in the parameters for each example and output. */
const directionsOf = <P>({ model, params, x2, factors }: KernelProblem<P>): P =>
  timesFactors('empiricalNtk', jacobians(model, params, x2), factors)

/** How the outputs at x1 change along each direction: the columns of the kernel. */
const pushForward = <P>({ model, params, x1, outputs }: KernelProblem<P>, directions: P): Tensor => {
  const [, push] = linearize((p: P) => model(p)(x1))(params)
  const moved = vmap(vmap(push))(directions)
  const { axes, left, right } = layoutOf(outputs)
  const [m, p, n, o] = moved.shape
  return contract([moved], [[M, right, N, left]], axes, [n!, m!, o!, p!])
}

/** The kernel column by column, each a vector–Jacobian product at x2 and a Jacobian–vector product at x1. */
const vectorProducts: Implementation = {
  leaves: (problem) => {
    const directions = directionsOf(problem)
    const all = tree.tensors(directions)
    return all.map((_, l) => {
      const own = all.map((leaf, k) => (k === l ? leaf : zerosLike(leaf)))
      return pushForward(problem, tree.replace('empiricalNtk', directions, own))
    })
  },
  total: (problem) => pushForward(problem, directionsOf(problem))
}

/** All methods, in the order in which they win ties. */
export const methodNames: readonly Method[] = ['contracted', 'vectorProduct', 'jacobian']

/** The implementation of each method. */
export const methods: { readonly [M in Method]: Implementation } = {
  contracted: jacobianProducts((jacobian) => jacobian),
  vectorProduct: vectorProducts,
  jacobian: jacobianProducts(ops.barrier)
}
