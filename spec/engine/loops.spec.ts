import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as attack from '../../lib/attack/index.js'
import { key } from '../../lib/core/key.js'
import { grad } from '../../lib/diff/index.js'
import { run } from '../../lib/engine/compile.js'
import { type Engine, engineOf } from '../../lib/engine/engine.js'
import { type EngineName, engines } from '../../lib/engine/engines.js'
import { applyLoopRule, type LoopRule } from '../../lib/engine/loops.js'
import { lower } from '../../lib/engine/onnx/lower.js'
import { openOnnx } from '../../lib/engine/onnx/open-onnx.js'
import { planOf } from '../../lib/engine/plan.js'
import { ops } from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { trace } from '../../lib/graph/trace.js'
import { normalArray } from '../../lib/laws/arbitraries.js'
import { engineAgreesAt } from '../../lib/laws/engine-agrees.js'
import { lawAsync, showReport } from '../../lib/laws/law.js'
import * as nn from '../../lib/nn/index.js'
import { optimise } from '../../lib/optimise/index.js'
import * as train from '../../lib/train/index.js'
import { right } from '../support/either.js'
import { openedEngine } from '../support/opened-engine.js'
import { loopCases, views } from '../support/loops.js'
import { batchOf } from '../support/networks.js'
import { runs } from '../support/runs.js'

/** A loop of so many steps is written out on every engine but the reference. */
const cases: readonly (readonly [EngineName, number])[] = [
  ['reference', 100],
  ['onnx:native', 100],
  ['onnx:wasm', 100],
  ['gpujs:webasm', 100]
]

describe.each(cases)('%s on random loops, their derivatives and batches', (name, count) => {
  const engine = openedEngine(name)

  it('gives what the steps mean', { timeout: 240_000 }, async () => {
    const report = await lawAsync(
      `${name} on loops`,
      fc.tuple(loopCases, fc.constantFrom(...views)),
      ([{ scan, args }, [, view]]) => engineAgreesAt(engine(), view(scan), { args: [args], source: key(0) }),
      { runs: runs(count) }
    )
    console.info(showReport(report))
  })
})

// PGD of 6 steps is a loop where `loops` is true, and written out elsewhere
const trained: readonly (readonly [EngineName, loops: boolean, programs: number])[] = [
  ['onnx:native', true, 125],
  ['onnx:wasm', true, 125],
  ['gpujs:webasm', false, 500]
]

describe.each(trained)('a training of 500 attacked steps on %s', (name, loops, programs) => {
  const engine = openedEngine(name)

  it(`takes ${programs} programs, in the bits of steps one by one`, { timeout: 240_000 }, async () => {
    expect(engine().loops).toBe(loops)
    const net = nn.serial(nn.dense(4), nn.relu, nn.dense(3))
    const fit = async (unroll: Pick<train.FitOptions, 'unroll'>) => {
      let count = 0
      const options: train.FitOptions = {
        epochs: 100,
        batch: 4,
        optimiser: train.adam(),
        schedule: train.schedule.constant(0.01),
        attack: attack.pgd({ epsilon: 0.1, steps: 6, stepSize: 0.05 }),
        observe: () => () => {
          count += 1
        },
        ...unroll
      }
      const set = batchOf(5, 20, 6, 3)
      const fitted = right(
        await train.fit(net.apply, options)(net.init(key(0), [6]), set, key(1))(engine())()
      )
      return { fitted, count }
    }
    const [suited, single] = [await fit({}), await fit({ unroll: 1 })]
    expect([suited.count, single.count]).toEqual([programs, 500])
    expect(suited.fitted).toEqual(single.fitted)
  })
})

describe.each(['native', 'wasm'] as const)('onnx:%s with every loop as an operator Scan', (kind) => {
  let engine: Engine
  beforeAll(async () => {
    const backend = right(await openOnnx(kind)({ threads: 1 })())
    engine = engineOf(`onnx:${kind}`, backend, () => undefined)
  })
  afterAll(() => engine.dispose())

  it('gives what the steps mean', { timeout: 240_000 }, async () => {
    const report = await lawAsync(
      `onnx:${kind} on Scan`,
      fc.tuple(loopCases, fc.constantFrom(...views)),
      ([{ scan, args }, [, view]]) => engineAgreesAt(engine, view(scan), { args: [args], source: key(0) }),
      { runs: runs(100) }
    )
    console.info(showReport(report))
  })
})

const step = (w: Tensor) => (x: Tensor) => [ops.tanh(ops.matmul(w)(x)), ops.sum()(x)] as const
const lastOf = (steps: number) => (w: Tensor, x: Tensor) => ops.scan(step(w), steps)(x)

/** How many operators Scan a function has on an engine. */
const scansOn = (rule: LoopRule, f: (w: Tensor, x: Tensor) => unknown): number =>
  lower(
    planOf(optimise(applyLoopRule(rule, right(trace(f, [spec([3, 3]), spec([2, 3])])).graph)))
  ).nodes.filter(({ op }) => op === 'Scan').length

describe('the rule of onnx on a CPU', () => {
  const rule = engines['onnx:native'].loops

  it('runs five steps as a loop, and writes fewer out', () => {
    expect(scansOn(rule, lastOf(5))).toBe(1)
    expect(scansOn(rule, lastOf(4))).toBe(0)
  })

  it('writes loops out that are differentiated', () => {
    const loss = (w: Tensor, x: Tensor): Tensor => ops.sum()(lastOf(5)(w, x)[0])
    expect(scansOn(rule, grad(loss))).toBe(0)
    expect(scansOn(() => undefined, grad(loss))).toBe(2)
  })

  it('computes the bits of the steps written out', async () => {
    const backend = right(await openOnnx('native')({ threads: 1 })())
    const [looped, flat] = [undefined, 'as they are'].map((why) =>
      engineOf('onnx:native', backend, () => why)
    )
    const args = [normalArray(key(0), [3, 3]), normalArray(key(1), [2, 3])] as const
    const [a, b] = [
      right(await run(looped!)(lastOf(40))(...args)()),
      right(await run(flat!)(lastOf(40))(...args)())
    ]
    expect(a.value).toEqual(b.value)
    await backend.dispose()
  })
})
