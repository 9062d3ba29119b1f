import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attack,
  type Engine,
  evaluateOn,
  key,
  type Key,
  ndarray,
  nn,
  openEngine,
  ops,
  type Tensor,
  trace
} from 'tangentflow'
import { norms, numbers, right } from './support.js'

// class 1 is reached where x₁ > x₀, class 2 never
const weights = ops.constant(
  ndarray.fromNested([
    [1, -1, 0],
    [-1, 1, 0]
  ])
)
const model = () => (x: Tensor) => ops.matmul(weights)(x)
const batch = {
  x: ndarray.fromNested([
    [0.6, 0.4],
    [0.9, 0.1]
  ]),
  y: ndarray.fromNested([0, 0])
}

let engine: Engine
beforeAll(async () => {
  engine = right(await openEngine({ require: 'reference' })())
})
afterAll(async () => engine.dispose())

describe('a targeted attack', () => {
  const losses = {
    'cross-entropy': nn.crossEntropyEach,
    'cw(0)': nn.cw(0),
    'cw(0.1)': nn.cw(0.1)
  }

  it.each([...Object.entries(losses), ['cw(∞)', nn.cw(Infinity)] as const])(
    'on %s reaches its target',
    (_, loss) => {
      for (const norm of norms) {
        const pgd = attack.pgd({
          norm,
          epsilon: { linf: 0.5, l2: 0.7, l1: 1 }[norm],
          steps: 20,
          stepSize: 0.1,
          randomStart: false,
          keep: 'best',
          loss,
          target: attack.target.fixed(1)
        })
        const { success, zeroGradients } = evaluateOn(pgd(model))({}, batch, key(0))
        expect(numbers(success)).toEqual([1, 1])
        // a loss that is bounded has no gradient beyond the bound
        if (loss !== losses['cw(0)'] && loss !== losses['cw(0.1)'])
          expect(numbers(zeroGradients)).toEqual([0, 0])
      }
    }
  )

  it('lowers max(max z_j − z_t, −κ) for the loss of Carlini and Wagner, and the loss of the target for others', () => {
    const z = [2, 1.5, -1]
    const through = (x: Tensor): Tensor => x
    const raised = (loss: attack.AttackLoss, target: number): number => {
      const still = attack.pgd({
        epsilon: 0,
        box: [-9, 9],
        steps: 0,
        stepSize: 0,
        loss,
        target: attack.target.fixed(target)
      })
      const at = { x: ndarray.fromNested([z]), y: ndarray.fromNested([0]) }
      return evaluateOn(still(() => through))({}, at, key(0)).loss.data[0]!
    }
    for (const kappa of [0, 0.25, 0.5, 5, Infinity])
      for (const t of [0, 1, 2]) {
        const lead = Math.max(...z.filter((_, j) => j !== t)) - z[t]!
        expect(raised(nn.cw(kappa), t)).toBeCloseTo(-Math.max(lead, -kappa), 12)
      }
    const total = Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0))
    expect(raised(nn.crossEntropyEach, 1)).toBeCloseTo(z[1]! - total, 12)
  })

  it('succeeds at the target only, and its margin says by how much', () => {
    const still = (target: number) => {
      const how = attack.pgd({ epsilon: 0, steps: 0, stepSize: 0, target: attack.target.fixed(target) })
      return evaluateOn(how(model))({}, batch, key(0))
    }
    const margins = [0, 1, 2].map((target) =>
      numbers(still(target).margin).map((m) => Math.round(m * 1e6) / 1e6)
    )
    expect(margins).toEqual([
      [-0.2, -0.8],
      [0.4, 1.6],
      [0.2, 0.8]
    ])
    expect([0, 1, 2].map((target) => numbers(still(target).success))).toEqual([
      [1, 1],
      [0, 0],
      [0, 0]
    ])
  })
})

describe('what a batch brings for each sample', () => {
  const given = attack.pgd({ epsilon: 0.1, steps: 1, stepSize: 0.1, target: attack.target.given })
  const run = (extra: object, how: attack.TracedAttack = given) =>
    attack.run(how)(model)({}, { ...batch, ...extra }, key(0))(engine)()

  it.each([
    [[1, 3], '3', 'target[1]'],
    [[-1, 0], '-1', 'target[0]'],
    [[0.5, 0], '0.5', 'target[0]'],
    [[0, NaN], 'NaN', 'target[1]']
  ])('targets %j are refused as one would be', async (target, received, where) => {
    const refused = { _tag: 'ArgumentError', expected: 'a class of 0 … 2', received, where }
    expect(await run({ target: ndarray.fromNested(target) })).toMatchObject({ left: refused })
    const fixed = attack.fgsm({ epsilon: 0.1, target: attack.target.fixed(Number(received)) })
    expect(await run({}, fixed)).toMatchObject({ left: { ...refused, where: 'target' } })
  })

  it.each([
    [[0.1, -0.1], '-0.1', 'epsilon[1]'],
    [[NaN, 0.1], 'NaN', 'epsilon[0]'],
    [[0, Infinity], 'Infinity', 'epsilon[1]']
  ])('radii %j are refused as one would be', async (epsilon, received, where) => {
    const refused = { _tag: 'ArgumentError', expected: 'a finite number of at least 0', received, where }
    const fgsm = attack.fgsm({ epsilon: 0.1 })
    expect(await run({ epsilon: ndarray.fromNested(epsilon) }, fgsm)).toMatchObject({ left: refused })
    expect(await run({}, attack.fgsm({ epsilon: Number(received) }))).toMatchObject({
      left: { ...refused, where: 'epsilon' }
    })
  })

  it('labels that are no classes are refused, and shapes that do not pair up', async () => {
    const fgsm = attack.fgsm({ epsilon: 0.1 })
    const stray = { x: batch.x, y: ndarray.fromNested([0, 3]) }
    expect(await attack.run(fgsm)(model)({}, stray, key(0))(engine)()).toMatchObject({
      left: { _tag: 'DataError', where: 'y[1]', expected: 'labels of 0 … 2' }
    })
    expect(await run({ target: ndarray.fromNested([[1, 1]]) })).toMatchObject({
      left: { _tag: 'ShapeError', where: 'target' }
    })
    expect(await run({ target: ndarray.scalar(1) })).toMatchObject({
      left: { _tag: 'ShapeError', where: 'target' }
    })
    const traced = trace(
      (b: attack.AttackBatch, k: Key) => given(model)({}, b, k).x,
      [{ ...batch, target: ndarray.fromNested([1]) }, key(0)]
    )
    expect(traced).toMatchObject({ left: { _tag: 'ShapeError', where: 'target' } })
  })
})
