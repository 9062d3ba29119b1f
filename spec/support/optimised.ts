import { grad, hvp } from '../../lib/diff/index.js'
import type { Graph } from '../../lib/graph/graph.js'
import { fold } from '../../lib/graph/key.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { normalArray } from '../../lib/laws/arbitraries.js'
import { bind, type Bound, compare, judge } from '../../lib/laws/compare.js'
import { type Outcome, redraw } from '../../lib/laws/law.js'
import { isNearKink, observe } from '../../lib/laws/observe.js'
import type { ProgramCase } from '../../lib/laws/programs.js'

/** Another graph of the same inputs against the one it was made from. */
export const sameValue = (bound: Bound, graph: Graph): Outcome =>
  isNearKink(observe(bound.graph, bound.values).kinks, 1e-9)
    ? redraw('a decision depends on rounding')
    : compare(judge({ graph, values: bound.values }), judge(bound))

/** A random program and two of its derivatives, each with values of its arguments. */
export const derivatives: readonly [name: string, bound: (drawn: ProgramCase) => Bound][] = [
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
