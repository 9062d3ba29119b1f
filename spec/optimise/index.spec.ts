import { describe, expect, it } from 'vitest'
import { fold } from '../../lib/graph/key.js'
import { grad, hvp } from '../../lib/diff/index.js'
import { type Graph, topological } from '../../lib/graph/graph.js'
import { opKey } from '../../lib/graph/primitives/index.js'
import { isOp, type Tensor } from '../../lib/graph/tensor.js'
import { normalArray } from '../../lib/laws/arbitraries.js'
import { bind, type Bound, compare, judge } from '../../lib/laws/compare.js'
import { law, type Outcome, redraw, showReport } from '../../lib/laws/law.js'
import { type ProgramCase, programCases } from '../../lib/laws/programs.js'
import { isNearKink } from '../../lib/laws/kinks.js'
import { observe } from '../../lib/laws/observe.js'
import { optimise } from '../../lib/optimise/index.js'
import { normalForm } from '../../lib/optimise/normal.js'
import { runs } from '../support/runs.js'

/** Another graph of the same inputs against the one it was made from. */
const sameValue = (bound: Bound, graph: Graph): Outcome =>
  isNearKink(observe(bound.graph, bound.values).kinks, 1e-9)
    ? redraw('a decision hangs on rounding')
    : compare(judge({ graph, values: bound.values }), judge(bound))

const derivatives: readonly [name: string, bound: (drawn: ProgramCase) => Bound][] = [
  ['a program', ({ program, args }) => bind(program.f, args)],
  ['a gradient', ({ program, args }) => bind((xs: readonly Tensor[]) => grad(program.scalar)(xs), args)],
  [
    'a Hessian–vector product',
    ({ program, args, source }) =>
      bind(
        (xs: readonly Tensor[], vs: readonly Tensor[]) => hvp(program.scalar)(xs, vs),
        [args[0], program.specs.map(({ shape }, i) => normalArray(fold(i)(source), shape))]
      )
  ]
]

const isNormal = (node: Tensor): boolean => !isOp(node, 'contract') || normalForm(node.op) !== undefined

const nameOf = (node: Tensor, ids: ReadonlyMap<Tensor, number>): string =>
  isOp(node, 'input')
    ? `input ${ids.get(node)}`
    : `${opKey(node.op)}(${node.inputs.map((input) => ids.get(input)).join(',')})`

describe.each(derivatives)('optimise, on %s', (name, boundOf) => {
  it('keeps the value, leaves normal forms, and no two equal nodes', () => {
    const report = law(
      `optimise keeps the value of ${name}`,
      programCases(),
      (drawn) => {
        const bound = boundOf(drawn)
        const optimised = optimise(bound.graph)
        const nodes = topological(optimised.outputs)
        const ids = new Map(nodes.map((node, i) => [node, i]))
        expect(nodes.filter((node) => !isNormal(node))).toEqual([])
        expect(new Set(nodes.map((node) => nameOf(node, ids))).size).toBe(nodes.length)
        expect(optimised.inputs).toBe(bound.graph.inputs)
        return sameValue(bound, optimised)
      },
      { runs: runs(500) }
    )
    console.info(showReport(report))
  })
})
