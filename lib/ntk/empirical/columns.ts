import { rebuild } from '../../core/tree.js'
import { linearize, vmap } from '../../diff/index.js'
import { zerosLike } from '../../graph/constant.js'
import { contract } from '../../graph/contract.js'
import * as ops from '../../graph/ops/index.js'
import { isTensor, type Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import { jacobians } from './jacobians.js'
import { index, layoutOf, type Problem, type Rule } from './kernel-problem.js'

const withLeaves = <P>(like: P, leaves: readonly Tensor[]): P =>
  rebuild<Tensor, P>('empiricalNtk', isTensor, like, leaves)

/** The rows of J(x2) diag(factors), one direction in the parameters for each example and output. */
const directions = <P>({ model, params, x2, factors }: Problem<P>): P => {
  const rows = jacobians(model, params, x2)
  const scaled = tree.tensors(rows).map((row, l) => factors[l]!.reduce((r, m) => ops.mul(m)(r), row))
  return withLeaves(rows, scaled)
}

/** How the outputs at x1 move along each direction: columns of the kernel. */
const along = <P>({ model, params, x1, outputs }: Problem<P>, rows: P): Tensor => {
  const [, push] = linearize((p: P) => model(p)(x1))(params)
  const moved = vmap(vmap(push))(rows)
  const { axes, left, right } = layoutOf(outputs)
  const [m, p, n, o] = moved.shape
  return contract([moved], [[index.m, right, index.n, left]], axes, [n!, m!, o!, p!])
}

/** The kernel column by column, each a vector–Jacobian product at x2 and a Jacobian–vector product at x1. */
export const columns: Rule = {
  leaves: (problem) => {
    const rows = directions(problem)
    const all = tree.tensors(rows)
    return all.map((_, l) =>
      along(
        problem,
        withLeaves(
          rows,
          all.map((row, k) => (k === l ? row : zerosLike(row)))
        )
      )
    )
  },
  total: (problem) => along(problem, directions(problem))
}
