import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { fromNested, of } from '../../lib/core/ndarray.js'
import { customVjp, stopGradient, straightThrough } from '../../lib/diff/index.js'
import { engineOf } from '../../lib/engine/compile.js'
import type { Backend, Engine } from '../../lib/engine/engine.js'
import { openReference } from '../../lib/engine/reference/backend.js'
import { evaluateGraph } from '../../lib/graph/evaluate.js'
import type { PointwiseName } from '../../lib/graph/primitives/pointwise.js'
import * as ops from '../../lib/graph/ops/index.js'
import { rewrite } from '../../lib/graph/graph.js'
import { spec } from '../../lib/graph/spec.js'
import { isOp, type Tensor } from '../../lib/graph/tensor.js'
import * as laws from '../../lib/laws/index.js'
import { runs } from '../support/runs.js'

// A law that cannot fail shows nothing: each is given something broken here.

const sum = ops.sum()

describe('checkGrad', () => {
  it('holds for a function of a tree, with the number of cases asked for', () => {
    const f = ({ w, b }: { w: Tensor; b: Tensor }, x: Tensor) => sum(ops.tanh(ops.add(b)(ops.matmul(w)(x))))
    const report = laws.checkGrad(f, [{ w: spec([3, 2]), b: spec([2]) }, spec([4, 3])], { runs: 50 })
    expect(report.runs).toBe(50)
    // now and then all units are so far out that their slopes are lost to rounding
    expect(report.redrawn).toBeLessThan(5)
    expect(report.worst).toBeLessThan(1)
  })
  const wrong: [string, (x: Tensor) => Tensor][] = [
    [
      'a wrong factor',
      (x) => sum(customVjp('c', ops.sin, ([y], _, ct) => [ops.scale(1.001)(ops.mul(ops.cos(y!))(ct))])(x))
    ],
    ['a wrong sign', (x) => sum(customVjp('c', ops.cos, ([y], _, ct) => [ops.mul(ops.sin(y!))(ct)])(x))],
    ['a derivative of zero', (x) => sum(ops.square(stopGradient(x)))],
    [
      'one element forgotten',
      (x) =>
        sum(customVjp('c', ops.neg, (_a, _o, ct) => [ops.neg(ops.mul(ops.less(2)(ops.iota([3])))(ct))])(x))
    ],
    ['NaN', (x) => sum(customVjp('c', ops.neg, (_a, _o, ct) => [ops.scale(NaN)(ct)])(x))]
  ]
  it.each(wrong)('finds %s', (_, f) =>
    expect(() => laws.checkGrad(f, [spec([3])], { runs: 20 })).toThrow('off by')
  )
  it('redraws points at a kink, and counts them', () => {
    // every whole number is a kink, and differences step over one in some hundred draws
    const saw = (x: Tensor) => sum(ops.sub(ops.floor(ops.scale(20)(x)))(ops.scale(20)(x)))
    const report = laws.checkGrad(saw, [spec([5])], { runs: 300 })
    expect(report.runs).toBe(300)
    expect(report.redrawn).toBeGreaterThan(0)
  })
  it('gives up loudly where every point is a kink', () =>
    expect(() =>
      laws.checkGrad((x: Tensor) => sum(ops.floor(ops.scale(1e6)(x))), [spec([9])], { runs: 20 })
    ).toThrow())
})

describe('the other laws of derivatives', () => {
  // the two modes are given different derivatives
  const torn = (x: Tensor): Tensor => straightThrough(ops.tanh)(ops.scale(2)(x))
  it('adjoint and jacobiansAgree hold for a straight-through function, in both modes', () => {
    expect(laws.adjoint(torn, [spec([2, 3])], { runs: 20 }).runs).toBe(20)
    expect(laws.doubleTranspose(torn, [spec([2, 3])], { runs: 20 }).runs).toBe(20)
    expect(laws.jacobiansAgree(torn, [spec([2, 3])], { runs: 20 }).runs).toBe(20)
  })
  it('secondDerivatives finds a gradient that is no gradient', () => {
    const curl = customVjp('curl', ops.square, ([x], _, ct) => [
      ops.mul(ct)(ops.concat(0)([ops.slice([1], [2])(x!), ops.slice([0], [1])(ops.scale(3)(x!))]))
    ])
    expect(() => laws.secondDerivatives((x: Tensor) => sum(curl(x)), [spec([2])], { runs: 5 })).toThrow()
  })
  it('vmapIsLoop finds a function that looks beyond its example', () => {
    let calls = 0
    const drifting = (x: Tensor): Tensor => ops.scale(++calls)(x)
    expect(() => laws.vmapIsLoop(drifting, [spec([2])], { runs: 5 })).toThrow('off by')
  })
})

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

describe('sets', () => {
  const centre = of([2], Float32Array.from([0.5, 0.3]))
  it('allow two units in the last place and no more', () => {
    const edge = Math.fround(0.5 + 0.1)
    const at = (ulps: number) =>
      laws.inBall(centre, 0.1)(of([2], Float32Array.from([edge + ulps * 2 ** -24, 0.3])))
    expect(at(1).inside).toBe(true)
    expect(at(8)).toMatchObject({ inside: false, at: 0 })
  })
  it('do not take NaN in', () => {
    expect(laws.inBall(centre, 0.1)(of([2], [NaN, 0.3])).inside).toBe(false)
    expect(laws.inBox(0, 1)(of([2], [0.5, NaN])).inside).toBe(false)
  })
  it('an ε of 0 allows the centre only', () => {
    expect(laws.inBall(centre, 0)(centre)).toEqual({ inside: true, worst: 0, at: -1 })
    expect(laws.inBall(centre, 0)(of([2], [0.5, 0.301])).inside).toBe(false)
  })
  it('a box has both sides', () => {
    expect(laws.inBox(0, 1)(of([2], [0, 1])).inside).toBe(true)
    expect(laws.inBox(0, 1)(of([2], [-1e-6, 1])).inside).toBe(false)
    expect(laws.inBox(0, 1)(of([2], [0, 1.000001])).inside).toBe(false)
  })
})

describe('isSymmetricPsd', () => {
  it('finds the eigenvalues of a known matrix', () => {
    const report = laws.isSymmetricPsd(
      fromNested([
        [2, -1, 0],
        [-1, 2, -1],
        [0, -1, 2]
      ])
    )
    expect(report.holds).toBe(true)
    expect(report.smallest).toBeCloseTo(2 - Math.SQRT2, 12)
    expect(report.largest).toBeCloseTo(2 + Math.SQRT2, 12)
  })
  it('takes a kernel of several outputs, with (example, output) as rows', () => {
    // K = [[1, 2], [2, 5]] ⊗ [[2, 1], [1, 3]]
    const [k, o] = [
      [1, 2, 2, 5],
      [2, 1, 1, 3]
    ] as const
    const kernel = of(
      [2, 2, 2, 2],
      k.flatMap((x) => o.map((y) => x * y))
    )
    expect(laws.isSymmetricPsd(kernel).holds).toBe(true)
  })
  it.each([
    [
      'asymmetric',
      [
        [1, 0.1],
        [0, 1]
      ]
    ],
    [
      'indefinite',
      [
        [1, 0],
        [0, -0.01]
      ]
    ],
    [
      'not a number',
      [
        [1, 0],
        [0, NaN]
      ]
    ]
  ])('refuses what is %s', (_, rows) => expect(laws.isSymmetricPsd(fromNested(rows)).holds).toBe(false))
})
