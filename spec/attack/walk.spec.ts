import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attack,
  type Concrete,
  evaluate,
  evaluateOn,
  explain,
  fold,
  grad,
  type Key,
  key,
  nn,
  ops,
  type Tensor
} from 'tangentflow'
import {
  advance,
  type AttackResult,
  begin,
  constants,
  finish,
  resultOf,
  rowOf
} from '../../lib/attack/iteration.js'
import { run } from '../../lib/engine/compile.js'
import { type Engine, engineOf } from '../../lib/engine/engine.js'
import { applyLoopRule, loopRules } from '../../lib/engine/loops.js'
import { lower } from '../../lib/engine/onnx/lower.js'
import { openOnnx } from '../../lib/engine/onnx/open-onnx.js'
import { planOf } from '../../lib/engine/plan.js'
import { topological } from '../../lib/graph/graph.js'
import type { TensorOf } from '../../lib/graph/op.js'
import { isOp } from '../../lib/graph/tensor.js'
import { traceOrThrow } from '../../lib/graph/trace.js'
import { optimise } from '../../lib/optimise/index.js'
import { batchOf, type Case, cases } from '../support/networks.js'
import { openedEngine } from '../support/opened-engine.js'
import { runs } from '../support/runs.js'
import { norms, right } from './support.js'

type Method = <R>(use: <S, C>(iteration: attack.Iteration<S, C>) => R) => R
type Run = (params: nn.Params, batch: attack.AttackBatch, key: Key) => AttackResult

/** An iteration with its steps written out, one after the other: what the loop stands for. */
const writtenOut =
  (net: nn.Network) =>
  <S, C>(iteration: attack.Iteration<S, C>): Run =>
  (params, batch, key) => {
    const goal = iteration.goal(net.apply(params), batch, key)
    const rows = []
    let state = begin(iteration, goal, key)
    for (let i = 0; i < iteration.steps; i++) {
      const control = constants<C>('spec', iteration.schedule(i))
      const { to, seen } = advance(iteration, goal, state, control, fold(i)(key))
      rows.push(rowOf(seen))
      state = to
    }
    const { kept, seen } = finish(iteration, goal, state, iteration.steps === 0)
    return resultOf(kept, [...rows, rowOf(seen)], state)
  }

/** Results without the sign of a zero: a first step that is written out adds to a known 0, which leaves −0 as it is. */
const unsigned = (found: Concrete<AttackResult>) =>
  Object.entries(found).map(([name, { data }]) => [name, Array.from(data, (value) => value + 0)])

const looped =
  (net: nn.Network) =>
  <S, C>(iteration: attack.Iteration<S, C>): Run =>
    attack.iterate(iteration)(net.apply)

/** Random iterations of every kind, on a sample of so many elements. */
const methods = (inputs: number): fc.Arbitrary<Method> =>
  fc
    .record({
      kind: fc.constantFrom('PGD', 'momentum', 'APGD', 'Square'),
      norm: fc.constantFrom(...norms),
      steps: fc.integer({ min: 0, max: 20 }),
      keep: fc.constantFrom('last' as const, 'best' as const),
      freeze: fc.boolean()
    })
    .map(({ kind, norm, steps, keep, freeze }): Method => {
      const epsilon = 0.3
      return (use) => {
        if (kind === 'Square')
          return use({
            ...attack.squareIteration({
              norm: norm === 'l2' ? 'l2' : 'linf',
              epsilon,
              steps,
              image: [1, 1, inputs]
            }),
            keep,
            freeze
          })
        if (kind !== 'APGD')
          return use(
            attack.pgdIteration({
              norm,
              epsilon,
              steps,
              relativeStep: 2,
              keep,
              freeze,
              ...(kind === 'momentum' ? { momentum: 0.7 } : {})
            })
          )
        const options = { norm, epsilon, steps }
        return norm === 'l1'
          ? use({ ...attack.apgdL1Iteration(options), keep, freeze })
          : use({ ...attack.apgdIteration(options), keep, freeze })
      }
    })

const drawn = cases.chain((one) => methods(one.data.x.shape[1]!).map((method) => ({ ...one, method })))

const argumentsOf = ({ params, data, seed }: Case) => [params, data, key(seed)] as const

describe('an attack as a loop', () => {
  const reference = openedEngine('reference')
  const native = openedEngine('onnx:native')
  let scanning: Engine
  beforeAll(async () => {
    scanning = engineOf('onnx:native', right(await openOnnx('native')({ threads: 1 })()), () => undefined)
  })
  afterAll(() => scanning.dispose())

  it('finds what its steps written out find, to the bit', { timeout: 240_000 }, () => {
    fc.assert(
      fc.property(drawn, (one) => {
        const args = argumentsOf(one)
        expect(evaluateOn(one.method(looped(one.net)))(...args)).toEqual(
          evaluateOn(one.method(writtenOut(one.net)))(...args)
        )
      }),
      { numRuns: runs(100) }
    )
  })

  it.each([
    ['reference', reference, reference],
    ['onnx:native', native, native],
    ['onnx:native with every loop as one', () => scanning, native]
  ] as const)('does so on %s', { timeout: 240_000 }, async (_, one, other) => {
    await fc.assert(
      fc.asyncProperty(drawn, async (each) => {
        const args = argumentsOf(each)
        const [loop, flat] = [
          right(await run(one())(each.method(looped(each.net)))(...args)()),
          right(await run(other())(each.method(writtenOut(each.net)))(...args)())
        ]
        expect(unsigned(loop.value)).toEqual(unsigned(flat.value))
      }),
      { numRuns: runs(40) }
    )
  })
})

const net = nn.serial(nn.dense(8), nn.relu, nn.dense(3))
const params = net.init(key(0), [5])
const batch = batchOf(1, 6, 5, 3)
const args = [params, batch, key(0)] as const
type Args = [params: nn.Params, batch: nn.Batch, key: Key]
const pgd =
  (steps: number) =>
  (...[p, b, k]: Args): Tensor =>
    attack.pgd({ epsilon: 0.1, steps, stepSize: 0.03 })(net.apply)(p, b, k).x

const scansOf = (f: (...args: Args) => unknown): readonly TensorOf<'scan'>[] =>
  topological(traceOrThrow(f, args).graph.outputs).filter((node) => isOp(node, 'scan'))

describe('the graph of an attack', () => {
  it('does not grow with its steps', () => {
    const nodes = (steps: number): number => {
      const { outputs } = traceOrThrow(pgd(steps), args).graph
      return topological(outputs).length
    }
    expect(nodes(1000)).toBe(nodes(2))
  })

  it('is a loop that carries the point alone where a training takes it, and is not differentiated with the loss', () => {
    const loss = (p: nn.Params, b: nn.Batch, k: Key): Tensor =>
      nn.crossEntropy(b.y)(net.apply(p)(pgd(20)(p, b, k)))
    const gradient = (...[p, b, k]: Args) => grad((p: nn.Params) => loss(p, b, k))(p)
    const [loop, ...others] = scansOf(gradient)
    expect([others.length, loop!.op.reverse]).toEqual([0, false])
    const made = optimise(traceOrThrow(gradient, args).graph)
    const [lean] = topological(made.outputs).filter((node) => isOp(node, 'scan'))
    expect([lean!.op.carries, lean!.op.body.outputs.length]).toEqual([1, 1])
  })

  it('is run as a loop by onnx on a CPU from five steps on, which explain tells', () => {
    const rule = loopRules['onnx on a CPU']
    const scans = (steps: number): number =>
      lower(planOf(optimise(applyLoopRule(rule, traceOrThrow(pgd(steps), args).graph)))).nodes.filter(
        ({ op }) => op === 'Scan'
      ).length
    expect([4, 5].map(scans)).toEqual([0, 1])
    const told = (steps: number) =>
      right(explain(pgd(steps), args)).loops.map(({ steps: count, unrolled }) => [
        count,
        unrolled.map(({ engines }) => engines)
      ])
    expect(told(4)).toEqual([[4, ['onnx on a CPU', 'onnx elsewhere', 'gpujs']]])
    expect(told(40)).toEqual([[40, ['onnx elsewhere', 'gpujs']]])
  })
})

describe('a model whose margins are refused', () => {
  // one output of each sample, and no classes
  const model = () => (x: Tensor) => ops.sum(1)(x)
  const loss: attack.AttackLoss = () => (z) => z
  const found = (keep: 'last' | 'best') =>
    attack.pgd({ epsilon: 0.1, steps: 3, stepSize: 0.1, loss, keep, randomStart: false })(model)
  const data: Concrete<nn.Batch> = batch

  it('is attacked where nothing asks for them', () => {
    const read = evaluateOn((b: nn.Batch, k: Key) => {
      const { x, losses } = found('last')([], b, k)
      return { x, losses }
    })(data, key(0))
    expect(read.losses.shape).toEqual([4, 6])
  })

  it.each(['margins', 'success'] as const)('is refused where %s is asked for', (field) => {
    const read = evaluate((b: nn.Batch, k: Key) => found('best')([], b, k)[field])(data, key(0))
    expect(E.isLeft(read)).toBe(true)
  })
})
