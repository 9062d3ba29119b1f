import { describe, expect, it } from 'vitest'
import { attack, key, ndarray, openEngine, ops, type Tensor } from 'tangentflow'
import { type AttackReport, flagsOf } from '../../lib/attack/robustness.js'
import { right } from './support.js'

const report = (kind: AttackReport['kind'], fields: Partial<AttackReport> = {}): AttackReport => ({
  name: kind,
  kind,
  attacked: 50,
  broken: 10,
  robust: 0.4,
  zeroGradients: 0,
  nonFiniteGradients: 0,
  ...fields
})
const namesOf = (...reports: readonly AttackReport[]): readonly string[] =>
  flagsOf(reports, 100).map(({ name }) => name)

describe('the flags of attacks in a row', () => {
  it('say that a weaker kind succeeds after a white box, never before one', () => {
    expect(namesOf(report('black box'), report('white box'))).toEqual([])
    expect(namesOf(report('white box'), report('black box'))).toEqual(['black box beats white box'])
    expect(namesOf(report('white box'), report('noise'), report('transfer'))).toEqual([
      'noise beats gradients',
      'transfer beats white box'
    ])
    expect(namesOf(report('white box'), report('white box'))).toEqual([])
    expect(namesOf(report('white box'), report('black box', { broken: 1 }))).toEqual([])
  })

  it('are of the gradients of white boxes alone, as parts of what they attack', () => {
    const bad = { zeroGradients: 1, nonFiniteGradients: 1 }
    expect(namesOf(report('white box', bad))).toEqual(['zero gradients', 'gradients not finite'])
    expect(namesOf(report('black box', bad))).toEqual([])
    expect(namesOf(report('white box', { ...bad, attacked: 0 }))).toEqual([])
    expect(namesOf(report('white box', { zeroGradients: 1, attacked: 100 }))).toEqual([])
    expect(flagsOf([report('white box', { zeroGradients: 5 })], 100)).toMatchObject([
      { name: 'zero gradients', measured: 0.1, limit: 0.01 }
    ])
  })
})

describe('attack.standard', () => {
  const names = (options: Partial<Parameters<typeof attack.standard>[0]>): readonly string[] =>
    attack.standard({ epsilon: 0.1, ...options }).map(({ name }) => name)
  it('has the attacks that the classes and the norm allow', () => {
    expect(names({})).toEqual(['PGD-40', 'APGD-CE', 'APGD-T', 'Square'])
    expect(names({ classes: 4 })).toEqual(['PGD-40', 'APGD-CE', 'APGD-T', 'Square'])
    expect(names({ classes: 3 })).toEqual(['PGD-40', 'APGD-CE', 'APGD-DLR', 'Square'])
    expect(names({ classes: 2 })).toEqual(['PGD-40', 'APGD-CE', 'Square'])
    expect(names({ norm: 'l1', steps: { pgd: 3 } })).toEqual(['PGD-3', 'APGD-CE', 'APGD-T'])
  })
})

describe('attack.overSteps', () => {
  it('counts examples without a gradient, and those that nothing brought nearer', async () => {
    const engine = right(await openEngine({ require: 'reference' })())
    // the logits of the second half do not depend on the input
    const model = () => (x: Tensor) => {
      const side = ops.sum(1)(x)
      const flat = ops.floor(ops.scale(0.01)(side))
      const first = ops.where(ops.less(1)(side))(side, ops.add(5)(flat))
      return ops.stack(1)([first, ops.fill(0, side.shape)])
    }
    const data = {
      x: ndarray.fromNested([
        [0.1, 0.1],
        [0.2, 0.1],
        [0.9, 0.9],
        [1, 1]
      ]),
      y: ndarray.fromNested([0, 0, 0, 0])
    }
    const pgd = attack.pgd({ epsilon: 0.05, steps: 2, stepSize: 0.05, randomStart: false })
    const curve = right(await attack.overSteps(model, { attack: pgd })({}, data, key(1))(engine)())
    expect(curve).toEqual({ robust: [1, 1, 1], stuck: 0.5, zeroGradients: 0.5, nonFiniteGradients: 0 })
    await engine.dispose()
  })
})
