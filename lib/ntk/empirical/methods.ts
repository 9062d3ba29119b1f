import type { Either } from 'fp-ts/lib/Either.js'
import { entry } from '../../core/entry.js'
import { checkOptions } from '../../core/options.js'
import { fail, type TangentError } from '../../core/error.js'
import { leaves, rebuild } from '../../core/tree.js'
import { jacrev, linearize, vmap } from '../../diff/index.js'
import { contract, zerosLike } from '../../graph/contract.js'
import { deduplicate, topological } from '../../graph/graph.js'
import { ops } from '../../graph/ops/index.js'
import { isKeyLeaf, isSpecLeaf, type Specs } from '../../graph/spec.js'
import { apply, isOp, type Tensor } from '../../graph/tensor.js'
import { attempt } from '../../graph/trace.js'
import * as tree from '../../graph/tree.js'
import type { Model } from '../../nn/model.js'
import { type Cost, costOfGraph } from '../../optimise/cost.js'
import { optimise } from '../../optimise/index.js'
import {
  formKinds,
  type KernelForm,
  type KernelProblem,
  type MaskTree,
  type Outputs,
  outputsOf,
  problemOf,
  timesFactors
} from './kernel-problem.js'
import { checked, ofModel } from '../../nn/require.js'

/**
 * A way to compute a kernel (the first two in the words of Novak, Sohl-Dickstein, Schoenholz, arXiv:2206.08720).
 * `jacobian`: both Jacobians are formed and multiplied; the reference. `vectorProduct`: column by column, a
 * vector–Jacobian and a Jacobian–vector product each. `contracted`: the products of Jacobians are contractions whose
 * cheapest path is searched for, so that Jacobians are formed only where that is cheapest.
 */
export type KernelMethod = 'jacobian' | 'vectorProduct' | 'contracted'

/** How a method computes a kernel: the share of each leaf of the parameters, and the sum of all shares. */
export interface Implementation {
  readonly leaves: <P>(problem: KernelProblem<P>) => readonly Tensor[]
  readonly total: <P>(problem: KernelProblem<P>) => Tensor
}

/** The indices of a kernel in a contraction: both examples and both outputs. */
const [N, M, O, P] = [0, 1, 2, 3]

/** For each part of a kernel its axes, and the output indices of the two Jacobians. */
const layouts = {
  full: { axes: [N, M, O, P], left: O, right: P },
  diag: { axes: [N, M, O], left: O, right: O },
  mean: { axes: [N, M], left: O, right: O }
} satisfies Record<Outputs, unknown>

const layoutOf = (outputs: Outputs): (typeof layouts)[Outputs] =>
  outputs in layouts
    ? layouts[outputs]
    : fail('ArgumentError', 'empiricalNtk', Object.keys(layouts).join(', '), outputs, 'outputs')

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
export const jacobians = checked('ntk.jacobians', ofModel, <P>(model: Model<P>, params: P, x: Tensor): P =>
  vmap((example: Tensor) => {
    const batch = ops.expandDims(0)(example)
    return jacrev((p: P) => ops.squeeze(0)(outputsOf(model, p, batch)))(params)
  })(x)
)

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
export const methodNames: readonly KernelMethod[] = ['contracted', 'vectorProduct', 'jacobian']

/** The implementation of each method. */
export const methods: { readonly [M in KernelMethod]: Implementation } = {
  contracted: jacobianProducts((jacobian) => jacobian),
  vectorProduct: vectorProducts,
  jacobian: jacobianProducts(ops.barrier)
}

/** The predicted cost of each method, and the method that `auto` picks. */
export interface CostPrediction {
  /** The cheapest method. */
  readonly method: KernelMethod
  /** The predicted cost of every method. */
  readonly candidates: { readonly [M in KernelMethod]: Cost }
}

/** How many operations take as long as moving one byte, as the path search counts it: 8 for a float. */
const FLOPS_PER_BYTE = 2

/** Computing and moving data as one number, in operations. */
const operations = ({ flops, bytes }: Cost): number => flops + FLOPS_PER_BYTE * bytes

/** The cost of a tensor from the inputs it depends on. */
const graphCost = (output: Tensor): Cost => {
  const inputs = topological([output]).filter((node) => isOp(node, 'input') || isOp(node, 'keyInput'))
  return costOfGraph(optimise(deduplicate({ inputs, outputs: [output] })))
}

/** The cost of each method for a problem of these shapes; what its tensors are computed from is not counted. */
export const predict = <P>(problem: KernelProblem<P>): CostPrediction => {
  const seen = new Map<Tensor, Tensor>()
  const symbol = (x: Tensor): Tensor => {
    const known = seen.get(x) ?? apply({ tag: 'input', name: `${seen.size}`, shape: x.shape }, [])
    seen.set(x, known)
    return known
  }
  const bare: KernelProblem<P> = {
    ...problem,
    params: tree.map(symbol)(problem.params),
    x1: symbol(problem.x1),
    x2: symbol(problem.x2),
    factors: problem.factors.map((leaf) => leaf.map(symbol))
  }
  const costBy = (method: KernelMethod): Cost => graphCost(methods[method].total(bare))
  const candidates = {
    contracted: costBy('contracted'),
    vectorProduct: costBy('vectorProduct'),
    jacobian: costBy('jacobian')
  }
  const cheaper = (best: KernelMethod, next: KernelMethod): KernelMethod =>
    operations(candidates[next]) < operations(candidates[best]) ? next : best
  return { method: methodNames.reduce(cheaper), candidates }
}

/** A symbol for every array that a tree describes. */
const symbols = <T>(specs: unknown): T =>
  rebuild<unknown, T>(
    'predictCost',
    isSpecLeaf,
    specs,
    leaves('predictCost', isSpecLeaf, specs).map(({ path, value }) =>
      isKeyLeaf(value)
        ? fail('TreeError', 'predictCost', 'arrays', 'a key', path)
        : apply({ tag: 'input', name: path, shape: value.shape }, [])
    )
  )

/**
 * Predicts the cost of `empiricalNtk` by each method for arguments of these shapes, and the method that `auto` picks: the
 * one with the least flops + 2 · bytes in its optimised graph. Nothing is compiled or run. Arrays may stand in for their
 * shapes; without `x2` the kernel is that of `x1` with itself.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { key, nn, ntk, spec } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(100), nn.relu, nn.dense(10))
 * const prediction = ntk.predictCost(net.apply)(net.init(key(0), [784]), spec([16, 784]), spec([16, 784]))
 * assert.ok(E.isRight(prediction))
 * const { method, candidates } = prediction.right
 * assert.equal(method, 'contracted')
 * assert.ok(candidates.contracted.flops * 50 < candidates.jacobian.flops)
 */
export const predictCost = entry(
  'ntk.predictCost',
  'Either',
  2,
  <P>(model: Model<P>, form: KernelForm = {}) =>
    (
      params: Specs<P>,
      x1: Specs<Tensor>,
      x2?: Specs<Tensor>,
      mask?: Specs<MaskTree>
    ): Either<TangentError, CostPrediction> =>
      attempt(() => {
        checkOptions('ntk.predictCost', formKinds, form)
        const left = symbols<Tensor>(x1)
        const right = x2 === undefined ? left : symbols<Tensor>(x2)
        const chosen = mask === undefined ? undefined : symbols<MaskTree>(mask)
        return predict(problemOf(model, form, symbols<P>(params), left, right, chosen))
      }),
  [ofModel]
)
