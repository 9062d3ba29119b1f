import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ops, spec, type Tensor, trace } from 'tangentflow'
import type { ContractOp } from '../../lib/graph/contract.js'
import { type Graph, topological } from '../../lib/graph/graph.js'
import { costOfGraph, peakBytes } from '../../lib/optimise/cost.js'
import { optimise } from '../../lib/optimise/index.js'
import { contractionPath, type Path } from '../../lib/optimise/path.js'
import { runs } from '../support/runs.js'

const optimised = (f: (x: Tensor) => Tensor): Graph => {
  const traced = trace(f, [spec([4])])
  if (E.isLeft(traced)) throw new Error(traced.left.expected)
  return optimise(traced.right.graph)
}

const repeated =
  (steps: number, step: (y: Tensor, i: number) => Tensor) =>
  (x: Tensor): Tensor =>
    Array.from({ length: steps }).reduce<Tensor>((y, _, i) => step(y, i), x)

/** Deeper than calls nest in JavaScript. */
const DEEP = 15_000

describe('graphs deeper than calls nest', () => {
  it.each<[string, (y: Tensor, i: number) => Tensor, number]>([
    ['of functions', ops.tanh, DEEP + 1],
    ['of reshapes, which leave nothing', (y, i) => ops.reshape(i % 2 === 0 ? [2, 2] : [4])(y), 1],
    [
      'of reshapes and permutations',
      (y) => ops.reshape([4])(ops.transpose([1, 0])(ops.reshape([2, 2])(y))),
      2 * DEEP + 2
    ]
  ])('%s are optimised and weighed', (_, step, nodes) => {
    const graph = optimised(repeated(DEEP, step))
    expect(topological(graph.outputs).length).toBeLessThanOrEqual(nodes)
    expect(peakBytes(graph)).toBeGreaterThan(0)
    expect(costOfGraph(graph).flops).toBeGreaterThanOrEqual(0)
  })

  it('are sums of many terms: x + … + x is one product', () => {
    const graph = optimised((x) => repeated(DEEP, (y) => ops.add(ops.tanh(x))(y))(ops.tanh(x)))
    expect(topological(graph.outputs).length).toBeLessThan(60)
  })

  it('are asked whether they hold 0 and 1 only', () => {
    const turned = (y: Tensor): Tensor => ops.reshape([4])(ops.transpose([1, 0])(ops.reshape([2, 2])(y)))
    const graph = optimised((x) => ops.abs(repeated(DEEP, turned)(ops.less(0)(x))))
    const functions = topological(graph.outputs).flatMap(({ op }) => (op.tag === 'pointwise' ? [op.fn] : []))
    expect(functions).toEqual(['less'])
  })

  it('are products of many operands', () => {
    const count = 2_000
    const equation = `${Array.from({ length: count }, () => 'i').join()}->i`
    const graph = optimised((x) =>
      ops.einsum(equation)(...Array.from({ length: count }, (_, i) => (i % 2 === 0 ? x : ops.sin(x))))
    )
    expect(topological(graph.outputs).filter(({ op }) => op.tag === 'contract')).not.toEqual([])
  })
})

/** What `contractionPath` says of its greedy search, word for word: every pair of parts, the first of the cheapest. */
const allPairs = ({ operands, output, sizes }: ContractOp): Path => {
  const sizeOf = (indices: ReadonlySet<number>): number =>
    [...indices].reduce((size, index) => size * sizes[index]!, 1)
  const needed = (own: readonly number[], others: readonly (readonly number[])[]): Set<number> =>
    new Set(own.filter((index) => output.includes(index) || others.some((other) => other.includes(index))))
  let parts = operands.map((own, k): { path: Path; indices: Set<number> } => ({
    path: k,
    indices: needed(
      own,
      operands.filter((_, j) => j !== k)
    )
  }))
  while (parts.length > 1) {
    const pairs = parts.flatMap((a, i) =>
      parts.slice(i + 1).map((b) => {
        const others = parts.filter((part) => part !== a && part !== b).map(({ indices }) => [...indices])
        const all = new Set([...a.indices, ...b.indices])
        const out = needed([...all], others)
        const moved = sizeOf(a.indices) + sizeOf(b.indices) + sizeOf(out)
        const growth = sizeOf(out) - sizeOf(a.indices) - sizeOf(b.indices)
        return { a, b, out, growth, cost: (all.size === out.size ? 0 : 2 * sizeOf(all)) + 8 * moved }
      })
    )
    const { a, b, out } = pairs.reduce((best, pair) =>
      pair.growth < best.growth || (pair.growth === best.growth && pair.cost < best.cost) ? pair : best
    )
    parts = [...parts.filter((part) => part !== a && part !== b), { path: [a.path, b.path], indices: out }]
  }
  return parts[0]!.path
}

describe('greedy paths', () => {
  it('take the pair that a comparison of all pairs takes', () => {
    const index = fc.nat(5)
    const products = fc.record({
      operands: fc.array(fc.uniqueArray(index, { minLength: 1, maxLength: 3 }), {
        minLength: 10,
        maxLength: 16
      }),
      output: fc.uniqueArray(index, { maxLength: 3 }),
      sizes: fc.array(fc.integer({ min: 2, max: 5 }), { minLength: 6, maxLength: 6 })
    })
    fc.assert(
      fc.property(products, ({ operands, output, sizes }) => {
        const op: ContractOp = { tag: 'contract', operands, output, sizes }
        expect(contractionPath(op).path).toEqual(allPairs(op))
      }),
      { numRuns: runs(200) }
    )
  })
})
