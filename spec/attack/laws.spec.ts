import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, key, type Key, ops, type Tensor } from 'tangentflow'
import { samplesAreAlone, staysInside } from 'tangentflow/laws'
import { runs } from '../support/runs.js'
import { everyAttack, labelled, norms, small, underLaw } from './support.js'

const shape = [3, 2, 3]
const classes = 4
const model = small(shape.slice(1), classes)

describe.each(norms)('in %s', (norm) => {
  const epsilon = { linf: 0.2, l2: 0.5, l1: 0.9 }[norm]

  describe.each(everyAttack(norm, epsilon))('%s', (_, how) => {
    it('stays in ball and box, leaves the inputs alone and repeats itself', () => {
      staysInside(underLaw(how, model), { norm, epsilon, shape, classes, runs: runs(6) })
    })

    it('does not see the rest of the batch', () => {
      samplesAreAlone(underLaw(how, model), { shape, classes, runs: runs(2) })
    })

    it('calls a point a success exactly where its margin is at most 0, and finds the first', () => {
      const found = evaluateOn(how(model))({}, labelled(3, [8, 2, 3], classes), key(4))
      const [rows, n] = found.margins.shape as [number, number]
      expect(found.losses.shape).toEqual([rows, n])
      for (let i = 0; i < n; i++) {
        expect(found.success.data[i]).toBe(found.margin.data[i]! > 0 ? 0 : 1)
        const column = Array.from({ length: rows }, (_r, r) => found.margins.data[r * n + i]!)
        expect(found.firstSuccess.data[i]).toBe(column.findIndex((m) => !(m > 0)))
      }
    })
  })

  it.each(everyAttack(norm, 0))('%s with ε = 0 is the identity', (_, how) => {
    const batch = labelled(1, [4, 2, 3], classes)
    const { x } = evaluateOn(how(model))({}, batch, key(2))
    expect(Array.from(x.data)).toEqual(Array.from(batch.x.data))
  })

  it('PGD without steps and random start is the identity', () => {
    const batch = labelled(1, [4, 2, 3], classes)
    const still = attack.pgd({ norm, epsilon, steps: 0, stepSize: epsilon, randomStart: false })
    const { x } = evaluateOn(still(model))({}, batch, key(2))
    expect(Array.from(x.data)).toEqual(Array.from(batch.x.data))
  })

  it('every point of PGD, momentum and APGD is inside, not only the last', () => {
    const last = { keep: 'last', freeze: false } as const
    for (const steps of [0, 1, 2, 3, 5]) {
      const methods = [
        attack.iterate({ ...attack.pgdIteration({ norm, epsilon, steps, stepSize: 2 * epsilon }), ...last }),
        attack.iterate({
          ...attack.pgdIteration({ norm, epsilon, steps, stepSize: epsilon, momentum: 0.9 }),
          ...last
        }),
        norm === 'l1'
          ? attack.iterate({ ...attack.apgdL1Iteration({ epsilon, steps }), ...last })
          : attack.iterate({ ...attack.apgdIteration({ norm, epsilon, steps }), ...last })
      ]
      for (const how of methods)
        staysInside(underLaw(how, model), { norm, epsilon, shape, classes, runs: runs(2) })
    }
  })

  it('takes a radius for each sample, as a tensor or from the batch', () => {
    const batch = labelled(1, [3, 2, 3], classes)
    const radii = [0, epsilon / 2, epsilon]
    const own = { ...batch, epsilon: { ...batch.ids, data: Float64Array.from(radii) } }
    const pgd = { norm, steps: 3, relativeStep: 2, keep: 'best' } as const
    const together = evaluateOn(attack.pgd({ ...pgd, epsilon: 9 })(model))({}, own, key(0))
    const asOption = evaluateOn((e: Tensor, b: attack.AttackBatch, k: Key) =>
      attack.pgd({ ...pgd, epsilon: e })(model)({}, b, k)
    )(own.epsilon, batch, key(0))
    expect(asOption).toEqual(together)
    radii.forEach((radius, i) => {
      const alone = evaluateOn(attack.pgd({ ...pgd, epsilon: radius })(model))({}, batch, key(0))
      const row = (a: { readonly data: ArrayLike<number> }) => Array.from(a.data).slice(6 * i, 6 * i + 6)
      row(together.x).forEach((value, k) => expect(value).toBeCloseTo(row(alone.x)[k]!, 12))
    })
  })

  it('with a fixed step, more steps, restarts and attacks never help the model', () => {
    const batch = labelled(6, [12, 2, 3], classes)
    const success = (how: attack.TracedAttack): readonly number[] =>
      Array.from(evaluateOn(how(model))({}, batch, key(7)).success.data)
    const pgd = (steps: number, restarts = 1): attack.TracedAttack =>
      attack.pgd({ norm, epsilon: epsilon / 2, steps, stepSize: epsilon / 4, keep: 'best', restarts })
    const apgd = attack.apgd({ norm, epsilon: epsilon / 2, steps: 4 })
    const ladders = [
      [0, 1, 2, 4, 8].map((steps) => pgd(steps)),
      [1, 2, 4].map((restarts) => pgd(2, restarts)),
      [1, 2, 3].map((restarts) => attack.restarts(restarts)(apgd)),
      [[pgd(1)], [pgd(1), apgd], [pgd(1), apgd, attack.noise({ norm, epsilon })]].map((all) =>
        attack.worst(...all)
      )
    ]
    for (const ladder of ladders) {
      const results = ladder.map(success)
      results
        .slice(1)
        .forEach((more, k) => more.forEach((s, i) => expect(s).toBeGreaterThanOrEqual(results[k]![i]!)))
    }
  })

  it('reaches the closed form on a linear model of two classes', () => {
    // margin of label 0: w·x, which falls by ε times the dual norm of w
    const w = [0.5, -1, 0.25, 2, -0.75, 1.5]
    const linear = () => (x: Tensor) => {
      const score = ops.sum([1, 2])(
        ops.mul(ops.constant({ _tag: 'NdArray', shape: [2, 3], data: Float64Array.from(w) }))(x)
      )
      return ops.stack(1)([score, ops.scale(0)(score)])
    }
    const dual = {
      linf: w.reduce((s, v) => s + Math.abs(v), 0),
      l2: Math.hypot(...w),
      l1: Math.max(...w.map(Math.abs))
    }[norm]
    const batch = {
      x: { _tag: 'NdArray' as const, shape: [1, 2, 3], data: new Float64Array(6).fill(0.5) },
      y: { _tag: 'NdArray' as const, shape: [1], data: Float64Array.of(0) }
    }
    const clean = w.reduce((s, v) => s + 0.5 * v, 0)
    const eps = 0.3 // less than 0.5, so that no element meets the box
    for (const how of [
      attack.fgsm({ norm, epsilon: eps }),
      attack.pgd({ norm, epsilon: eps, steps: 25, stepSize: eps, sparsity: 0 }),
      attack.apgd({ norm, epsilon: eps, steps: 30 })
    ]) {
      const { margin } = evaluateOn(how(linear))({}, batch, key(3))
      expect(margin.data[0]).toBeCloseTo(clean - eps * dual, 5)
    }
  })
})

describe('odd models', () => {
  it('a tie of logits is broken', () => {
    const tied = () => (x: Tensor) => ops.fill(0.5, [x.shape[0]!, 4])
    for (const norm of norms)
      for (const [, how] of everyAttack(norm, 0.1)) {
        const found = evaluateOn(how(tied))({}, labelled(2, [3, 2, 3], 4), key(0))
        expect([...found.success.data]).toEqual([1, 1, 1])
        expect([...found.firstSuccess.data]).toEqual([0, 0, 0])
      }
  })

  it('a constant model has zero gradients, which are counted, and no attack makes a NaN of them', () => {
    const constant = () => (x: Tensor) =>
      ops.scale(0)(ops.reshape([x.shape[0]!, 6])(x)).shape.length === 2
        ? ops.add(ops.iota([x.shape[0]!, 6], 1))(ops.scale(0)(ops.reshape([x.shape[0]!, 6])(x)))
        : x
    for (const norm of norms) {
      for (const [, how] of everyAttack(norm, 0.1)) {
        const { x, loss } = evaluateOn(how(constant))({}, labelled(2, [3, 2, 3], 6), key(0))
        expect([...x.data, ...loss.data].every(Number.isFinite)).toBe(true)
      }
      const pgd = attack.pgd({ norm, epsilon: 0.1, steps: 4, stepSize: 0.1, keep: 'best' })
      const { zeroGradients, nonFiniteGradients } = evaluateOn(pgd(constant))(
        {},
        labelled(2, [3, 2, 3], 6),
        key(0)
      )
      expect([...zeroGradients.data]).toEqual([4, 4, 4])
      expect([...nonFiniteGradients.data]).toEqual([0, 0, 0])
    }
  })

  it('steps along gradients that are not finite are counted and not taken', () => {
    // √ has an infinite slope at 0, and its product with 0 is not a number
    const steep = () => (x: Tensor) => {
      const score = ops.sum(1)(ops.sqrt(ops.scale(0)(x)))
      return ops.stack(1)([ops.add(1)(score), score])
    }
    for (const norm of norms) {
      const pgd = attack.pgd({ norm, epsilon: 0.1, steps: 4, stepSize: 0.1, keep: 'best' })
      const { x, success, nonFiniteGradients } = evaluateOn(pgd(steep))(
        {},
        { ...labelled(2, [2, 3], 2), y: labelled(2, [2, 3], 1).y },
        key(0)
      )
      expect([...x.data].every(Number.isFinite)).toBe(true)
      expect([...success.data]).toEqual([0, 0])
      expect([...nonFiniteGradients.data]).toEqual([4, 4])
    }
  })

  it.each([[[5]], [[5, 1]], [[2, 3]], [[2, 1, 2, 2]]])(
    'inputs of shape %j are attacked in every norm',
    (given) => {
      const inputs = given
      const n = inputs[0]!
      const rowsOf = (x: Tensor): Tensor => ops.reshape([n, -1])(x)
      const model_ = () => (x: Tensor) => {
        const score = ops.sum(1)(ops.square(rowsOf(x)))
        return ops.stack(1)([score, ops.fill(0.4, [n])])
      }
      for (const norm of norms) {
        const how = attack.pgd({ norm, epsilon: 0.2, steps: 3, stepSize: 0.1 })
        const { x } = evaluateOn(how(model_))({}, labelled(1, inputs, 2), key(1))
        expect(x.shape).toEqual(inputs)
        expect([...x.data].every((v) => v >= 0 && v <= 1)).toBe(true)
      }
    }
  )
})
