import { describe, expect, it } from 'vitest'
import { key } from '../../lib/core/key.js'
import { gate } from '../../lib/diff/rules/pointwise.js'
import { apply, constant, type Tensor } from '../../lib/graph/tensor.js'
import { contract } from '../../lib/graph/contract.js'
import { ops } from '../../lib/graph/ops/index.js'
import { topological } from '../../lib/graph/graph.js'
import { normalArray } from '../../lib/laws/arbitraries.js'
import type { Bound } from '../../lib/laws/compare.js'
import { law, type Outcome, redraw, showReport, worstOf } from '../../lib/laws/law.js'
import { programCases } from '../../lib/laws/programs.js'
import { optimise } from '../../lib/optimise/index.js'
import { isFor } from '../../lib/optimise/rewrite.js'
import { rewrites } from '../../lib/optimise/rewrites.js'
import { derivatives, sameValue } from '../support/optimised.js'
import { runs } from '../support/runs.js'

const zero = ops.fill(0, [2, 1, 3])
const raw = (op: Tensor['op'], ...inputs: readonly Tensor[]): Tensor => apply(op, inputs)

const every = [0, 1, 2]

/** One expression for each rule, so that none goes unmet however the dice fall. */
const expressions: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a) => raw({ tag: 'reshape', shape: [6] }, raw({ tag: 'reshape', shape: [3, 2] }, a)),
  (a) => raw({ tag: 'reshape', shape: a.shape }, a),
  (a) => ops.sum(0)(ops.transpose()(a)),
  (a, b) => ops.mul(zero)(ops.less(b)(a)),
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
  ...[0, 1, 2, 3].map((power) => (a: Tensor) => ops.pow(power)(a)),
  (a) => ops.relu(a),
  (a, b) => gate(ops.less(b)(a), b),
  (a, b) => ops.where(ops.less(b)(a))(b, b),
  (a, b) => ops.where(ops.fill(0, [3]))(b, a),
  (a, b) => ops.where(ops.fill(1, [3]))(b, a),
  (a) => ops.max(a)(a),
  (a) => ops.min(a)(a),
  (a, b) => ops.abs(ops.equal(b)(a)),
  // what a comparison is multiplied by may have a sign, and twice a comparison is no condition
  (a, b) => ops.scale(1)(ops.abs(contract([ops.less(b)(a), a], [every, every], every, a.shape))),
  (a, b) => ops.scale(1)(gate(contract([ops.less(b)(a), constant(2)], [every, []], every, a.shape), b)),
  (a) => ops.mul(a)(ops.exp(zero)),
  (a) => ops.slice([0, 0, 0], a.shape)(a),
  (a, b) => ops.slice([2, 0, 0], [4, 1, 3])(ops.concat(0)([a, b])),
  (a) => ops.pad([0, 0, 0], [0, 0, 0])(a),
  () => ops.pad([1, 0, 0], [0, 1, 2])(zero),
  () => ops.reshape([3, 2])(ops.fill(4, [2, 3])),
  () => ops.slice([0, 1], [1, 3])(ops.fill(4, [2, 3])),
  () => ops.reduceMax(0)(ops.fill(4, [2, 3])),
  (a) => ops.topKMask(3)(a),
  (a) => ops.unfold([1, 2], [1, 2])(a),
  (a) => ops.unfold([1, 1])(a),
  (a) => raw({ tag: 'fold', kernel: [1, 2], stride: [3, 2], size: [1, 3] }, ops.unfold([1, 2], [3, 2])(a)),
  (a) => ops.reduceMax([0, 2])(ops.transpose([1, 0, 2])(a)),
  (a, b) => ops.mul(a)(apply({ tag: 'pointwise', fn: 'gate' }, [a, b]))
]

describe('every rewrite', () => {
  const met = new Map<string, number>()
  /** Every rule tried on every node; the worst of what applied. */
  const rewritten = (bound: Bound): readonly Outcome[] =>
    topological(bound.graph.outputs).flatMap((node) =>
      rewrites.flatMap((rule) => {
        const { name } = rule
        const next = isFor(rule, node.op) ? rule.apply(node) : undefined
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

describe('the algebra of signs', () => {
  const [a, b] = ['a', 'b'].map((name) => apply({ tag: 'input', name, shape: [3] }, []))
  const functionsOf = (node: Tensor): readonly string[] =>
    topological(optimise({ inputs: [a!, b!], outputs: [node] }).outputs).flatMap((each) =>
      each.op.tag === 'pointwise' ? [each.op.fn] : each.op.tag === 'contract' ? ['contract'] : []
    )

  it.each([
    ['a + (−b) = a − b', ops.add(ops.neg(b!))(a!), ['sub']],
    ['(−a) + b = b − a', ops.add(b!)(ops.neg(a!)), ['sub']],
    ['a − (−b) = a + b', ops.sub(ops.neg(b!))(a!), ['add']],
    ['x − 0 = x', ops.exp(ops.sub(constant(0))(a!)), ['exp']],
    ['0 − x = −x', ops.sub(a!)(constant(0)), ['neg']],
    ['−(−x) = x', ops.exp(ops.neg(ops.neg(a!))), ['exp']]
  ] as const)('%s', (_, node, expected) => expect(functionsOf(node)).toEqual(expected))
})
