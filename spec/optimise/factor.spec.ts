import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explain, type Graph, key, ndarray, normals, ops, spec, type Tensor } from 'tangentflow'
import { evaluateGraph } from '../../lib/graph/evaluate.js'
import { topological } from '../../lib/graph/graph.js'
import { isOp } from '../../lib/graph/tensor.js'
import { normalForm } from '../../lib/optimise/normal-form.js'
import { maxDifference } from '../support/networks.js'
import { runs } from '../support/runs.js'

type Args = readonly Tensor[]

const shapes = [[3, 3, 3], [3, 3], [3], []] as const
const specs = shapes.map((shape) => spec(shape))
const explained = (f: (...args: Args) => Tensor): { readonly traced: Graph; readonly optimised: Graph } => {
  const result = explain(f as never, specs as never)
  if (E.isLeft(result)) throw new Error('a refusal')
  return result.right
}

const count = (graph: Graph, wanted: (node: Tensor) => boolean): number =>
  topological(graph.outputs).filter((node) => node.shape.length === 3 && wanted(node)).length
const isProduct = (node: Tensor): boolean => isOp(node, 'contract') && normalForm(node.op)?.kind === 'product'
const isPermute = (node: Tensor): boolean => isOp(node, 'contract') && normalForm(node.op)?.kind === 'permute'
const isAdd = (node: Tensor): boolean => isOp(node, 'pointwise') && node.op.fn === 'add'

describe('common factors of a sum', () => {
  it('are taken out, and count as once where they stand alone', () => {
    const { optimised } = explained((x, m, v) => {
      const h = ops.tanh(x!)
      const by = (equation: string, other: Tensor): Tensor => ops.einsum(equation)(h, other)
      return ops.add(by('abc,ab->abc', m!))(ops.add(h)(by('abc,ab->abc', ops.einsum('a,b->ab')(v!, v!))))
    })
    expect(count(optimised, isProduct)).toBe(1)
    expect(count(optimised, isAdd)).toBe(0)
  })
  it('that are permuted alike are permuted once', () => {
    const { optimised } = explained((x, m) => {
      const turned = (h: Tensor, other: Tensor): Tensor => ops.einsum('abc,ac->cab')(h, other)
      return ops.add(turned(ops.sin(x!), m!))(turned(ops.tanh(x!), ops.exp(m!)))
    })
    expect(count(optimised, isPermute)).toBe(1)
  })
  it('are left alone where there are none', () => {
    const { optimised } = explained((x, m) =>
      ops.add(ops.einsum('abc,ab->abc')(ops.sin(x!), m!))(ops.einsum('abc,ab->abc')(ops.cos(x!), m!))
    )
    expect(count(optimised, isProduct)).toBe(2)
  })

  it('keep the value of any sum of products', () => {
    const equations = ['abc,ab->abc', 'abc,bc->cab', 'abc,ca->bca', 'abc,ac->cba', 'abc,ba->abc'] as const
    const terms = fc.array(
      fc.record({
        heavy: fc.nat(1),
        light: fc.option(fc.nat(1)),
        equation: fc.constantFrom(...equations),
        times: fc.constantFrom(1, 1, 2)
      }),
      { minLength: 2, maxLength: 6 }
    )
    fc.assert(
      fc.property(terms, fc.nat(), (drawn, seed) => {
        const f = (...[x, m]: Args): Tensor => {
          const heavy = [x!, ops.sin(x!)]
          const light = [m!, ops.sin(m!)]
          return drawn
            .map((term) => {
              const h = ops.scale(term.times)(heavy[term.heavy]!)
              const [from, to] = term.equation.split('->')
              return term.light === null
                ? ops.einsum(`${from!.split(',')[0]}->${to}`)(h)
                : ops.einsum(term.equation)(h, light[term.light]!)
            })
            .reduce((a, b) => ops.add(b)(a))
        }
        const { traced, optimised } = explained(f)
        const args = shapes.map((shape, i) => {
          const size = shape.reduce<number>((a, b) => a * b, 1)
          return ndarray.of(shape, Float64Array.from(normals(key(seed + i), size)))
        })
        const [before, after] = [traced, optimised].map((graph) => evaluateGraph(graph, args)[0]!)
        expect(maxDifference(before!, after!)).toBeLessThan(1e-11)
      }),
      { numRuns: runs(200) }
    )
  })
})
