import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { key, nn, ntk, spec } from 'tangentflow'
import { contract } from '../../lib/graph/contract.js'
import type { Graph } from '../../lib/graph/graph.js'
import { apply, type Tensor } from '../../lib/graph/tensor.js'
import { costOfGraph } from '../../lib/optimise/cost.js'
import { optimise } from '../../lib/optimise/index.js'
import { right } from '../support/either.js'
import { runs } from '../support/runs.js'

const [N, M, O, I, J] = [0, 1, 2, 3, 4]

/** Inputs h and cotangents δ of a dense layer for two batches, of these sizes. */
const factors = ([n, m, o, i, j]: readonly number[]): readonly Tensor[] =>
  [
    [n, i],
    [n, o, j],
    [m, i],
    [m, o, j]
  ].map((shape, k) => apply({ tag: 'input', name: `${k}`, shape: shape as number[] }, []))

/** The products of h and δ, which are the Jacobians, multiplied with each other. */
const ofJacobians = (sizes: readonly number[]): Graph => {
  const inputs = factors(sizes)
  const jacobian = ([h, delta]: readonly Tensor[], n: number): Tensor =>
    contract([h!, delta!], [[n, I], [n, O, J]], [n, O, I, J], sizes) // prettier-ignore
  const [left, right] = [jacobian(inputs.slice(0, 2), N), jacobian(inputs.slice(2), M)]
  const product = contract([left, right], [[N, O, I, J], [M, O, I, J]], [N, M], sizes) // prettier-ignore
  return { inputs, outputs: [product] }
}

/** The same as one contraction. */
const inOne = (sizes: readonly number[]): Graph => {
  const inputs = factors(sizes)
  const product = contract(inputs, [[N, I], [N, O, J], [M, I], [M, O, J]], [N, M], sizes) // prettier-ignore
  return { inputs, outputs: [product] }
}

/** The cost by which contractions are merged: an element that is moved counts as eight operations. */
const costOf = (graph: Graph): number => {
  const { flops, bytes } = costOfGraph(optimise(graph))
  return flops + 2 * bytes
}

describe('merged contractions', () => {
  it('of a kernel cost no more than its factors in one contraction, whatever the numbers of examples', () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 100, max: 5000 }))
    fc.assert(
      fc.property(fc.tuple(size, size, size, size, size), (sizes) => {
        expect(costOf(ofJacobians(sizes))).toBeLessThanOrEqual(1.001 * costOf(inOne(sizes)))
      }),
      { numRuns: runs(500) }
    )
  })

  it('form no Jacobian of 2,000 examples: to merge either costs, to merge both gains', () => {
    // 2 n m (300 + 1,000) operations, or 600,000 n m with Jacobians
    const { flops } = costOfGraph(optimise(ofJacobians([2000, 2000, 10, 300, 100])))
    expect(flops).toBeLessThan(2 * 2000 ** 2 * 1400)
  })

  it('make a pair of LeNet-300-100 cheaper, the larger the block', () => {
    const net = nn.serial(nn.dense(300), nn.relu, nn.dense(100), nn.relu, nn.dense(10))
    const params = net.init(key(0), [784])
    for (const outputs of ['mean', 'diag', 'full'] as const) {
      const perPair = [64, 512, 2048].map((n) => {
        const x = spec([n, 784])
        const { method, candidates } = right(ntk.predictCost(net.apply, { outputs })(params, x, x))
        expect(method).toBe('contracted')
        return candidates.contracted.flops / n ** 2
      })
      expect(perPair).toEqual([...perPair].sort((a, b) => b - a))
    }
  })
})
