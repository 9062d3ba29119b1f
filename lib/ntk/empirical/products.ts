import { contract } from '../../graph/contract.js'
import type { Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import { jacobians } from './jacobians.js'
import { index, layoutOf, type Outputs, type Rule, sum } from './kernel-problem.js'

/** One leaf's share of the kernel as ONE contraction, so that the path search may never form the Jacobians. */
const leafKernel = (outputs: Outputs, j1: Tensor, j2: Tensor, factors: readonly Tensor[]): Tensor => {
  const { axes, left, right } = layoutOf(outputs)
  const inner = j1.shape.slice(2)
  const leaf = inner.map((_, axis) => 4 + axis)
  return contract(
    [j1, ...factors, j2],
    [[index.n, left, ...leaf], ...factors.map(() => leaf), [index.m, right, ...leaf]],
    axes,
    [j1.shape[0]!, j2.shape[0]!, j1.shape[1]!, j2.shape[1]!, ...inner]
  )
}

/** J(x1) diag(factors) J(x2)ᵀ leaf by leaf, the Jacobians seen through `wall`. */
export const products = (wall: (jacobian: Tensor) => Tensor): Rule => {
  const leaves: Rule['leaves'] = ({ model, params, x1, x2, factors, outputs }) => {
    const jacobiansAt = (x: Tensor): readonly Tensor[] => tree.tensors(jacobians(model, params, x)).map(wall)
    const left = jacobiansAt(x1)
    const right = x2 === x1 ? left : jacobiansAt(x2)
    return left.map((j, l) => leafKernel(outputs, j, right[l]!, factors[l]!))
  }
  return { leaves, total: (problem) => sum(leaves(problem)) }
}
