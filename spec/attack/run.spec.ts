import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attack,
  type Engine,
  evaluateOn,
  key,
  type NdArray,
  ndarray,
  nn,
  openEngine,
  ops,
  type Tensor
} from 'tangentflow'
import { everyAttack, labelled, norms, numbers, right, small } from './support.js'

const classes = 4
const model = small([2, 3], classes)
const batch = labelled(11, [6, 2, 3], classes)

/** The rows of [rows, n] that a run made. */
const firstRows = (array: NdArray, like: NdArray): readonly number[] =>
  numbers(array).slice(0, like.data.length)

let reference: Engine
beforeAll(async () => {
  reference = right(await openEngine({ require: 'reference' })())
})
afterAll(async () => reference.dispose())

const found = async (
  how: attack.TracedAttack,
  chunk: number,
  epsilon?: number
): Promise<attack.AttackRun> => {
  const own = epsilon === undefined ? batch : { ...batch, epsilon: ndarray.full([6], epsilon) }
  return right(await attack.run(how, { chunk })(model)({}, own, key(5))(reference)())
}

describe('a run in chunks', () => {
  const cases: readonly (readonly [string, attack.TracedAttack])[] = [
    ...norms.flatMap((norm) => [
      [
        `PGD with momentum in ${norm}`,
        attack.pgd({ norm, epsilon: 0.05, steps: 7, stepSize: 0.02, momentum: 1, keep: 'best' })
      ] as const,
      [`APGD in ${norm}`, attack.apgd({ norm, epsilon: 0.05, steps: 7 })] as const
    ]),
    ['Square', attack.square({ epsilon: 0.05, steps: 9, image: [1, 2, 3] })],
    ['Square in L2', attack.square({ norm: 'l2', epsilon: 0.1, steps: 9, image: [1, 2, 3] })],
    ['APGD-T', attack.apgdT({ epsilon: 0.02, steps: 4, targets: 2 })],
    ['restarts', attack.restarts(2)(attack.apgd({ epsilon: 0.02, steps: 5 }))],
    ['the last of PGD', attack.pgd({ epsilon: 0.1, steps: 5, stepSize: 0.05 })],
    [
      'a targeted attack',
      attack.pgd({ epsilon: 0.1, steps: 5, stepSize: 0.05, target: attack.target.uniform })
    ]
  ]

  it.each(cases)('of %s finds what the traced attack finds', async (_, how) => {
    const traced = evaluateOn(how(model))({}, batch, key(5))
    const run = await found(how, 3)
    expect(numbers(run.success)).toEqual(numbers(traced.success))
    expect(numbers(run.firstSuccess)).toEqual(numbers(traced.firstSuccess))
    run.x.data.forEach((v, i) => expect(v).toBeCloseTo(traced.x.data[i]!, 6))
    const margins = firstRows(traced.margins, run.margins)
    run.margins.data.forEach((v, i) => expect(v).toBeCloseTo(margins[i]!, 5))
    expect(run.key).toEqual(key(5))
    expect(run.executed.engine).toBe('reference')
  })

  it.each(everyAttack('linf', 0.05).filter(([name, { freeze }]) => !freeze && name !== 'targeted PGD'))(
    'of %s takes every start, also where the first breaks every sample',
    async (_, how) => {
      const logits = evaluateOn((x: Tensor) => model()(x))(batch.x)
      const unlikely = evaluateOn((z: Tensor) => ops.argMax(-1)(ops.neg(z)))(logits)
      const misclassified = { ...batch, y: unlikely }
      const starts = attack.restarts(3)(how)
      const traced = evaluateOn(starts(model))({}, misclassified, key(5))
      const run = right(await attack.run(starts, { chunk: 3 })(model)({}, misclassified, key(5))(reference)())
      expect(run.success.data).not.toContain(0)
      for (const field of ['x', 'loss', 'margin', 'losses', 'margins', 'success', 'firstSuccess'] as const) {
        expect(run[field].shape).toEqual(traced[field].shape)
        run[field].data.forEach((v, i) => expect(v).toBeCloseTo(traced[field].data[i]!, 5))
      }
    }
  )

  it('ends once every sample is broken, and stays with what broke it', async () => {
    const apgd = attack.apgd({ epsilon: 0.9, steps: 20, restarts: 2 })
    const run = await found(apgd, 2)
    expect(numbers(run.success)).toEqual([1, 1, 1, 1, 1, 1])
    expect(run.margins.shape[0]).toBeLessThan(15)
    const traced = evaluateOn(attack.apgd({ epsilon: 0.9, steps: 20 })(model))({}, batch, key(5))
    const [rows, n] = traced.margins.shape as [number, number]
    for (let i = 0; i < n; i++) {
      const since = traced.firstSuccess.data[i]!
      for (let row = since; row < rows; row++)
        expect(traced.margins.data[row * n + i]).toBe(traced.margins.data[since * n + i])
    }
  })

  it('is compiled once for many batches and radii', async () => {
    const engine = right(await openEngine({ require: 'reference' })())
    const apgd = attack.apgd({ epsilon: 1, steps: 7 })
    const own = (epsilon: number) => ({ ...batch, epsilon: ndarray.full([6], epsilon) })
    const prepared = right(await attack.prepare(apgd, { chunk: 3 })(model)({}, own(0))(engine)())
    const programs = engine.programs()
    const success = []
    for (const epsilon of [0, 0.05, 0.5]) {
      const run = right(await prepared({}, own(epsilon), key(1))())
      expect(run).toEqual(await found(apgd, 3, epsilon).then((other) => ({ ...other, ...run })))
      success.push(numbers(run.success).reduce((a, b) => a + b, 0))
    }
    expect(engine.programs()).toBe(programs)
    expect([...success].sort((a, b) => a - b)).toEqual(success)
    await engine.dispose()
  })

  it('needs as many programs for a thousand steps as for thirty', async () => {
    const programs = async (steps: number): Promise<number> => {
      const engine = right(await openEngine({ require: 'reference' })())
      const square = attack.square({ epsilon: 0.1, steps, image: [1, 2, 3] })
      right(await attack.prepare(square)(model)({}, batch)(engine)())
      const held = engine.programs()
      await engine.dispose()
      return held
    }
    expect(await programs(1000)).toBe(await programs(30))
  })

  it('takes any attack, a plain function too', async () => {
    const gray: attack.Attack =
      () =>
      (_params, { x }) => ({ x: ops.fill(0.5, x.shape) })
    const run = right(await attack.run(gray)(model)({}, batch, key(0))(reference)())
    expect(new Set(run.x.data)).toEqual(new Set([0.5]))
    expect(run.margins.shape).toEqual([1, 6])
    const both = right(
      await attack.run(attack.worst(gray, attack.none))(model)({}, batch, key(0))(reference)()
    )
    numbers(both.success).forEach((s, i) => expect(s).toBeGreaterThanOrEqual(run.success.data[i]!))
  })

  it.each([
    ['steps', attack.apgd({ epsilon: 0.1, steps: -1 })],
    ['epsilon', attack.square({ epsilon: NaN, image: [1, 2, 3] })],
    ['image', attack.square({ epsilon: 0.1, image: [1, 2, 4] })],
    ['fraction', attack.square({ epsilon: 0.1, fraction: 0, image: [1, 2, 3] })],
    ['targets', attack.apgdT({ epsilon: 0.1, targets: 0 })],
    ['target', attack.apgdT({ epsilon: 0.1, targets: 4 })],
    ['target', attack.fgsm({ epsilon: 0.1, target: attack.target.fixed(4) })],
    ['target', attack.fgsm({ epsilon: 0.1, target: attack.target.given })],
    ['momentum', attack.mifgsm({ epsilon: 0.1, steps: 1, stepSize: 1, momentum: NaN })],
    ['relativeStep', attack.pgd({ epsilon: 0.1, steps: 1, relativeStep: -1 })],
    ['restarts', attack.restarts(0)(attack.fgsm({ epsilon: 0.1 }))]
  ])('refuses a bad %s with a typed error', async (where, how) => {
    const result = await attack.run(how)(model)({}, batch, key(0))(reference)()
    expect(result).toMatchObject({ left: { _tag: 'ArgumentError', where } })
  })

  it('refuses a bad chunk, no attacks, and DLR on two classes', async () => {
    const attempted = async (how: attack.TracedAttack, chunk?: number, on = model) =>
      attack.run(how, chunk === undefined ? {} : { chunk })(on)({}, batch, key(0))(reference)()
    expect(await attempted(attack.fgsm({ epsilon: 0.1 }), 0)).toMatchObject({ left: { where: 'chunk' } })
    expect(E.isLeft(await attempted(attack.worst()))).toBe(true)
    const two = small([2, 3], 2)
    expect(await attempted(attack.apgd({ epsilon: 0.1, steps: 1, loss: nn.dlr }), 1, two)).toMatchObject({
      left: { _tag: 'ShapeError', operation: 'nn.dlr' }
    })
  })
})

describe('engines', () => {
  it('agree with the reference on how many samples break, to one of 30', async (ctx) => {
    const many = labelled(21, [30, 2, 3], classes)
    const attacks = [
      attack.worst(
        ...norms.map((norm) => attack.pgd({ norm, epsilon: 0.1, steps: 3, relativeStep: 2.5, keep: 'best' }))
      ),
      attack.apgd({ epsilon: 0.05, steps: 8 }),
      attack.apgd({ norm: 'l1', epsilon: 0.2, steps: 3 }),
      attack.square({ epsilon: 0.05, steps: 15, image: [1, 2, 3] }),
      attack.square({ norm: 'l2', epsilon: 0.1, steps: 15, image: [1, 2, 3] })
    ]
    const count = async (engine: Engine, how: attack.TracedAttack): Promise<number> => {
      const { success } = right(await attack.run(how)(model)({}, many, key(5))(engine)())
      return numbers(success).reduce((a, b) => a + b, 0)
    }
    const opened = await openEngine({ require: 'onnx:native' })()
    ctx.skip(E.isLeft(opened), 'onnxruntime-node is not installed')
    const engine = right(opened)
    for (const how of attacks) {
      expect(Math.abs((await count(engine, how)) - (await count(reference, how)))).toBeLessThanOrEqual(1)
    }
    await engine.dispose()
  })
})
