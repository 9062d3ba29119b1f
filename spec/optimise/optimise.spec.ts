import { describe, expect, it } from 'vitest'
import { key } from '../../lib/core/key.js'
import { constant } from '../../lib/graph/constant.js'
import { contract } from '../../lib/graph/contract.js'
import { ops } from '../../lib/graph/ops/index.js'
import { fold } from '../../lib/graph/key.js'
import { grad, hvp } from '../../lib/diff/index.js'
import { type Graph, deduplicate, topological } from '../../lib/graph/graph.js'
import { opKey } from '../../lib/graph/primitives/index.js'
import { apply, isOp, type Tensor } from '../../lib/graph/tensor.js'
import { normalArray } from '../../lib/laws/arbitraries.js'
import { bind, type Bound, compare, judge, worstOf } from '../../lib/laws/compare.js'
import { law, type Outcome, redraw, showReport } from '../../lib/laws/law.js'
import { type ProgramCase, programCases } from '../../lib/laws/programs.js'
import { isNearKink } from '../../lib/laws/kinks.js'
import { observe } from '../../lib/laws/observe.js'
import { optimise } from '../../lib/optimise/index.js'
import { normalForm } from '../../lib/optimise/normal.js'
import { rewrites } from '../../lib/optimise/rules.js'
import { contractions } from '../support/contractions.js'
import { naiveContract } from '../support/naive.js'
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

describe('contraction paths', () => {
  it.each([1, 2, 3, 6])('give what the naive einsum gives, up to %i operands', (operands) => {
    const report = law(
      `path = naive einsum, up to ${operands} operands`,
      contractions(operands),
      ({ op, source }) => {
        const shapes = op.operands.map((indices) => indices.map((index) => op.sizes[index]!))
        const inputs = shapes.map((shape, k) => apply({ tag: 'input', name: `${k}`, shape }, []))
        const graph = { inputs, outputs: [apply(op, inputs)] }
        const values = shapes.map((shape, k) => normalArray(fold(k)(source), shape))
        const optimised = optimise(graph)
        expect(topological(optimised.outputs).filter((node) => !isNormal(node))).toEqual([])
        const naive = naiveContract(op, values)
        const expected = { outputs: [naive], slack: judge({ graph, values })!.slack }
        const outcome = compare(judge({ graph, values }), expected)
        return outcome.kind === 'measured' && !(outcome.error <= outcome.bound)
          ? outcome
          : compare(judge({ graph: optimised, values }), expected)
      },
      { runs: runs(operands === 1 ? 200 : 300) }
    )
    console.info(showReport(report))
  })
})

describe('sharing', () => {
  it('keeps the value', () => {
    const doubled = ({ program, args }: ProgramCase): Bound => {
      const { graph, values } = bind(program.f, args)
      // the same expression twice, from different nodes
      const again = topological(graph.outputs).reduce(
        (copies, node) =>
          isOp(node, 'input')
            ? copies.set(node, node)
            : copies.set(node, { ...node, inputs: node.inputs.map((input) => copies.get(input)!) }),
        new Map<Tensor, Tensor>()
      )
      return {
        graph: { ...graph, outputs: [...graph.outputs, ...graph.outputs.map((o) => again.get(o)!)] },
        values
      }
    }
    const report = law(
      'deduplicate keeps the value and merges what is equal',
      programCases(),
      (drawn) => {
        const bound = doubled(drawn)
        const shared = deduplicate(bound.graph)
        expect(shared.outputs[0]).toBe(shared.outputs[1])
        return sameValue(bound, shared)
      },
      { runs: runs(500) }
    )
    console.info(showReport(report))
  })
})

const zero = ops.fill(0, [2, 1, 3])
const raw = (op: Tensor['op'], ...inputs: readonly Tensor[]): Tensor => apply(op, inputs)

/** One expression for each rule, so that none goes unmet however the dice fall. */
const expressions: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a) => raw({ tag: 'reshape', shape: [6] }, raw({ tag: 'reshape', shape: [3, 2] }, a)),
  (a) => raw({ tag: 'reshape', shape: a.shape }, a),
  (a) => ops.sum(0)(ops.transpose()(a)),
  (a) => ops.mul(zero)(a),
  (a) => ops.scale(1)(a),
  (a) => contract([constant(2), constant(3), a], [[], [], [0, 1, 2]], [0, 1, 2], a.shape),
  (a) => ops.reshape([2, 3, 1])(a),
  (a, b) => ops.max(b)(a),
  (a) => ops.add(zero)(a),
  (a) => ops.add(a)(zero),
  (a) => ops.add(a)(a),
  (a, b) => ops.add(ops.neg(b))(a),
  (a, b) => ops.add(b)(ops.scale(-1)(a)),
  (a) => ops.sub(0)(a),
  (a) => ops.sub(a)(zero),
  (a, b) => ops.sub(ops.neg(b))(a),
  (a) => ops.neg(ops.neg(a)),
  (a, b) => ops.neg(ops.mul(b)(a)),
  (a) => ops.div(3)(a),
  (a) => ops.div(a)(zero),
  ...[0, 1, 2, 3].map((power) => (a: Tensor) => ops.pow(power)(a)),
  (a) => ops.relu(a),
  (a, b) => ops.select(ops.less(b)(a))(b, 0),
  (a, b) => ops.select(ops.less(b)(a))(b, b),
  (a, b) => ops.select(ops.fill(0, [3]))(b, a),
  (a, b) => ops.select(ops.fill(1, [3]))(b, a),
  (a) => ops.max(a)(a),
  (a) => ops.min(a)(a),
  (a, b) => ops.abs(ops.equal(b)(a)),
  (a) => ops.mul(a)(ops.exp(zero)),
  (a) => ops.slice([0, 0, 0], a.shape)(a),
  (a) => ops.pad([0, 0, 0], [0, 0, 0])(a),
  () => ops.pad([1, 0, 0], [0, 1, 2])(zero),
  () => ops.reshape([3, 2])(ops.fill(4, [2, 3])),
  () => ops.slice([0, 1], [1, 3])(ops.fill(4, [2, 3])),
  () => ops.reduceMax(0)(ops.fill(4, [2, 3])),
  (a) => ops.topKMask(3)(a),
  (a) => ops.unfold([1, 2], [1, 2])(a),
  (a) => ops.unfold([1, 1])(a),
  (a) => raw({ tag: 'fold', kernel: [1, 2], stride: [3, 2], size: [1, 3] }, ops.unfold([1, 2], [3, 2])(a)),
  (a) => ops.reduceMax([0, 2])(ops.transpose([1, 0, 2])(a))
]

describe('every rewrite', () => {
  const met = new Map<string, number>()
  /** Every rule tried on every node; the worst of what applied. */
  const rewritten = (bound: Bound): readonly Outcome[] =>
    topological(bound.graph.outputs).flatMap((node) =>
      rewrites.flatMap(({ name, apply: rewrite }) => {
        const next = rewrite(node)
        if (next === undefined) return []
        met.set(name, (met.get(name) ?? 0) + 1)
        const inputs = bound.graph.inputs
        return [sameValue({ ...bound, graph: { inputs, outputs: [node] } }, { inputs, outputs: [next] })]
      })
    )

  it('keeps the value wherever random programs and their gradients meet it', () => {
    const report = law(
      'a rewrite keeps the value',
      programCases({ maxSteps: 5, maxRank: 2 }),
      (drawn) => {
        const bounds = [derivatives[0], derivatives[1]].map((derivative) => derivative![1](drawn))
        const outcomes = bounds.flatMap(rewritten)
        return outcomes.length === 0 ? redraw('no rewrite applies') : worstOf(outcomes)
      },
      { runs: runs(500) }
    )
    console.info(showReport(report))
  })

  it('keeps the value of an expression made for it', () => {
    const values = [3, 4].map((seed) => normalArray(key(seed), [2, 1, 3]))
    const [a, b] = values.map(({ shape }, i) => apply({ tag: 'input', name: `${i}`, shape }, []))
    for (const f of expressions) {
      const outcomes = rewritten({ graph: { inputs: [a!, b!], outputs: [f(a!, b!)] }, values })
      expect(outcomes.length, f.toString()).toBeGreaterThan(0)
      for (const outcome of outcomes)
        expect(outcome.kind === 'measured' && outcome.error <= outcome.bound, f.toString()).toBe(true)
    }
  })

  it('was met', () => {
    console.info([...met].map(([name, count]) => `${count} × ${name}`).join('\n'))
    expect(rewrites.map(({ name }) => name).filter((name) => !met.has(name))).toEqual([])
  })
})
