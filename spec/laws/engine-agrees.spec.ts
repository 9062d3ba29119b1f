import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { engineOf } from '../../lib/engine/engine.js'
import type { Backend } from '../../lib/engine/backend.js'
import type { Engine } from '../../lib/engine/engine.js'
import { openReference } from '../../lib/engine/reference/index.js'
import { evaluateGraph } from '../../lib/graph/evaluate.js'
import type { PointwiseName } from '../../lib/graph/primitives/pointwise.js'
import { ops } from '../../lib/graph/ops/index.js'
import { rewrite } from '../../lib/graph/graph.js'
import { spec } from '../../lib/graph/spec.js'
import { isOp, type Tensor } from '../../lib/graph/tensor.js'
import * as laws from '../../lib/laws/index.js'
import { runs } from '../support/runs.js'

// A law that cannot fail shows nothing: each is given something broken here.

const reference = async (): Promise<Engine> => {
  const opened = await openReference({ threads: 1 })()
  if (E.isLeft(opened)) throw new Error('no reference')
  return engineOf('reference', opened.right)
}

/** The reference in float32, with one pointwise function taken for another. */
const float32 = (mistake?: readonly [PointwiseName, PointwiseName]): Engine => {
  const executed = { engine: 'reference', backend: 'float32', threads: 1 }
  const mistaken = (node: Tensor): Tensor =>
    mistake !== undefined && isOp(node, 'pointwise') && node.op.fn === mistake[0]
      ? { ...node, op: { ...node.op, fn: mistake[1] } }
      : node
  const backend: Backend = {
    executed,
    held: () => ({}),
    load: (plan) =>
      TE.right({
        executed,
        run: (inputs) => TE.right(evaluateGraph(rewrite(plan.graph, mistaken), inputs, 'float32')),
        dispose: async () => undefined
      }),
    dispose: async () => undefined
  }
  return engineOf('reference', backend)
}

describe('engine agreement', () => {
  it('holds for the reference on random programs and their gradients', async () => {
    const report = await laws.enginesAgree(await reference(), { runs: runs(300) })
    console.info(laws.showReport(report))
    expect(report.worst).toBeLessThan(1)
  })
  it('holds for arithmetic in float32', async () => {
    const report = await laws.enginesAgree(float32(), { runs: runs(300) })
    console.info(laws.showReport(report))
    expect(report.runs).toBe(runs(300))
  })
  it.each([
    ['tanh', 'erf'],
    ['less', 'lessEqual'],
    ['max', 'min'],
    ['floor', 'neg'],
    ['cos', 'sin']
  ] as const)('finds %s taken for %s, or a tie that decides otherwise', async (from, to) => {
    const f = (x: Tensor) => {
      const tied = ops.less(ops.floor(x))(ops.floor(x))
      return [ops.tanh(x), ops.max(ops.sin(x))(ops.cos(x)), ops.floor(x), tied]
    }
    await expect(laws.engineAgrees(float32([from, to]), f, [spec([4])], { runs: 20 })).rejects.toThrow(
      'off by'
    )
  })
  it('finds an infinity that is lost', async () => {
    const f = (x: Tensor) => ops.div(ops.sub(x)(x))(x)
    const clamped = (x: Tensor) => ops.max(ops.fill(-1e30, [3]))(ops.min(ops.fill(1e30, [3]))(f(x)))
    expect((await laws.engineAgrees(float32(), f, [spec([3])], { runs: 10 })).runs).toBe(10)
    expect((await laws.engineAgrees(float32(), clamped, [spec([3])], { runs: 10 })).runs).toBe(10)
    await expect(laws.engineAgrees(float32(['div', 'sub']), f, [spec([3])], { runs: 10 })).rejects.toThrow(
      'not finite'
    )
  })
})
