import type { Either } from 'fp-ts/lib/Either.js'
import { fail, type TangentError } from '../../core/error.js'
import { leaves, rebuild } from '../../core/tree.js'
import { deduplicate, topological } from '../../graph/graph.js'
import { isKeyLeaf, isSpecLeaf, type Specs } from '../../graph/spec.js'
import { apply, isOp, type Tensor } from '../../graph/tensor.js'
import { attempt } from '../../graph/trace.js'
import * as tree from '../../graph/tree.js'
import type { Model } from '../../nn/model.js'
import { optimise } from '../../optimise/index.js'
import { type Cost, costOfGraph } from '../../optimise/cost.js'
import { type KernelForm, type KernelProblem, type MaskTree, problemOf } from './kernel-problem.js'
import { type Method, methodNames, methods } from './methods.js'

/** The predicted cost of each method, and the method that `auto` picks. */
export interface CostPrediction {
  readonly method: Method
  readonly candidates: { readonly [M in Method]: Cost }
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
  const costBy = (method: Method): Cost => graphCost(methods[method].total(bare))
  const candidates = {
    contracted: costBy('contracted'),
    vectorProduct: costBy('vectorProduct'),
    jacobian: costBy('jacobian')
  }
  const cheaper = (best: Method, next: Method): Method =>
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
export const predictCost =
  <P>(model: Model<P>, form: KernelForm = {}) =>
  (
    params: Specs<P>,
    x1: Specs<Tensor>,
    x2?: Specs<Tensor>,
    mask?: Specs<MaskTree>
  ): Either<TangentError, CostPrediction> =>
    attempt(() => {
      const left = symbols<Tensor>(x1)
      const right = x2 === undefined ? left : symbols<Tensor>(x2)
      const chosen = mask === undefined ? undefined : symbols<MaskTree>(mask)
      return predict(problemOf(model, form, symbols<P>(params), left, right, chosen))
    })
