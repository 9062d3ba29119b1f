import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, fold, key, type Key, ndarray, ops, type Tensor } from 'tangentflow'
import {
  alone,
  ascent,
  centres,
  norms,
  type Point,
  project,
  second,
  slope,
  wavy,
  wavyModel
} from './by-hand.js'
import { numbers } from './support.js'

interface Recipe {
  readonly norm: attack.Norm
  readonly epsilon: number
  readonly length: number
  readonly steps: number
  readonly momentum?: number
  readonly active?: number
}

/** x ← Π(x + α d), d along the gradient or, with momentum, along v ← μ v + g / ‖g‖₁. */
const path = (
  centre: Point,
  { norm, epsilon, length, steps, momentum, active = 1 }: Recipe
): readonly Point[] => {
  const points = [centre]
  let velocity: Point = centre.map(() => 0)
  for (let k = 0; k < steps; k++) {
    const x = points[k]!
    const gradient = slope(x)
    velocity = velocity.map((v, i) => (momentum ?? 0) * v + gradient[i]! / norms.l1(gradient))
    const direction = ascent(norm, momentum === undefined ? gradient : velocity, x, active)
    points.push(
      project(
        norm,
        centre,
        epsilon,
        x.map((value, i) => value + length * direction[i]!)
      )
    )
  }
  return points
}

const inBall = { linf: 0.3, l2: 0.35, l1: 0.5 }
const steps = 7

describe.each(['linf', 'l2', 'l1'] as const)('PGD in %s, step by step', (norm) => {
  const epsilon = inBall[norm]
  const plain = { norm, epsilon, steps, loss: second, randomStart: false } as const
  const found = (options: attack.PgdOptions, centre: Point) =>
    evaluateOn(attack.pgd(options)(wavyModel))({}, alone(centre), key(0))

  it.each([undefined, 0, 0.6, 1])('goes where the formula goes, with momentum %s', (momentum) => {
    for (const centre of centres) {
      const length = epsilon / 3
      const points = path(centre, {
        norm,
        epsilon,
        length,
        steps,
        ...(momentum !== undefined && { momentum })
      })
      const options = momentum === undefined ? plain : { ...plain, momentum }
      const { losses, x } = found({ ...options, stepSize: length }, centre)
      points.forEach((point, k) => expect(losses.data[k]).toBeCloseTo(wavy(point), 6))
      numbers(x).forEach((value, i) => expect(value).toBeCloseTo(points[steps]![i]!, 6))
      const relative = found({ ...options, relativeStep: steps / 3 }, centre)
      numbers(relative.losses).forEach((value, k) => expect(value).toBeCloseTo(losses.data[k]!, 6))
    }
  })

  it('would go another way with other momentum: what is compared above differs', () => {
    const ways = [undefined, 0.6, 1].map((momentum) =>
      centres.flatMap((centre) =>
        path(centre, {
          norm,
          epsilon,
          length: epsilon / 3,
          steps,
          ...(momentum !== undefined && { momentum })
        }).map(wavy)
      )
    )
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [0, 2]
    ] as const)
      expect(Math.max(...ways[a]!.map((value, k) => Math.abs(value - ways[b]![k]!)))).toBeGreaterThan(1e-3)
  })

  it('is MI-FGSM with momentum 1 and no random start, and FGSM with one step of ε', () => {
    const mim = evaluateOn(attack.mifgsm({ norm, epsilon, steps, stepSize: 0.05, loss: second })(wavyModel))
    const mine = found({ ...plain, stepSize: 0.05, momentum: 1 }, centres[0]!)
    expect(mim({}, alone(centres[0]!), key(0))).toEqual(mine)
    const fgsm = evaluateOn(attack.fgsm({ norm, epsilon, loss: second })(wavyModel))
    for (const centre of centres) {
      const [, end] = path(centre, { norm, epsilon, length: epsilon, steps: 1 })
      numbers(fgsm({}, alone(centre), key(0)).x).forEach((value, i) => expect(value).toBeCloseTo(end![i]!, 6))
    }
  })

  it('is the identity without steps, and stays at 0 steps in reach of a relative step', () => {
    for (const centre of centres)
      expect(numbers(found({ ...plain, steps: 0, relativeStep: 1 }, centre).x)).toEqual(centre)
  })
})

describe('a step in L1', () => {
  it.each([
    [0, 1],
    [0.3, 1],
    [0.5, 2],
    [0.67, 2],
    [1, 3]
  ])('of sparsity %d moves %d of three elements', (sparsity, active) => {
    const options = { norm: 'l1', epsilon: 0.2, steps: 1, stepSize: 0.2, sparsity } as const
    const pgd = attack.pgd({ ...options, loss: second, randomStart: false })
    const { x } = evaluateOn(pgd(wavyModel))({}, alone([0.5, 0.5, 0.5]), key(0))
    const moved = numbers(x).map((value) => value - 0.5)
    const [, expected] = path([0.5, 0.5, 0.5], { norm: 'l1', epsilon: 0.2, length: 0.2, steps: 1, active })
    moved.forEach((value, i) => expect(value).toBeCloseTo(expected![i]! - 0.5, 6))
    expect(moved.filter((value) => Math.abs(value) > 1e-6)).toHaveLength(active)
  })
})

describe('the start', () => {
  const start = (
    options: Partial<attack.PgdOptions>,
    norm: attack.Norm = 'linf',
    seed = 0
  ): readonly number[] => {
    const pgd = attack.pgd({ norm, epsilon: 0.2, steps: 0, stepSize: 0, ...options } as attack.PgdOptions)
    return numbers(evaluateOn(pgd(wavyModel))({}, alone([0.5, 0.5, 0.5]), key(seed)).x)
  }

  it('is random by default, within the ball, and differs from key to key', () => {
    for (const norm of ['linf', 'l2', 'l1'] as const) {
      const starts = Array.from({ length: 30 }, (_, seed) => start({}, norm, seed).map((v) => v - 0.5))
      const sizes = starts.map(norms[norm])
      expect(Math.max(...sizes)).toBeLessThanOrEqual(0.2 + 1e-12)
      expect(Math.max(...sizes)).toBeGreaterThan(0.12)
      expect(new Set(sizes).size).toBe(30)
      expect(start({ randomStart: false }, norm)).toEqual([0.5, 0.5, 0.5])
    }
  })

  it('is that of the key of restart r, fold(r)', () => {
    const once = attack.iterate(attack.pgdIteration({ epsilon: 0.2, steps: 2, stepSize: 0.1, loss: second }))
    const all = attack.restarts(3)(once)
    const at = (how: attack.TracedAttack) =>
      evaluateOn((b: attack.AttackBatch, k: Key) => how(wavyModel)({}, b, k))
    const losses = numbers(at(all)(alone(centres[0]!), key(4)).losses)
    const each = [0, 1, 2].flatMap((r) => numbers(at(once)(alone(centres[0]!), fold(r)(key(4))).losses))
    expect(losses).toEqual(each)
    expect(new Set(each).size).toBe(9)
  })
})

describe('noise', () => {
  it('is the strongest of its draws, and takes no step', () => {
    const draws = (samples: number) =>
      evaluateOn(attack.noise({ epsilon: 0.3, samples, loss: second })(wavyModel))(
        {},
        alone(centres[0]!),
        key(2)
      )
    const { losses, loss, zeroGradients } = draws(5)
    expect(losses.shape).toEqual([5, 1])
    expect(loss.data[0]).toBe(Math.max(...numbers(losses)))
    expect(zeroGradients.data[0]).toBe(0)
    expect(draws(1).losses.shape).toEqual([1, 1])
  })
})

describe('a radius of each sample', () => {
  it('scales the relative step with it, and not a fixed one', () => {
    const steep = () => (x: Tensor) => ops.stack(1)([ops.scale(0)(ops.sum(1)(x)), ops.sum(1)(x)])
    const batch = {
      x: ndarray.full([2, 3], 0.5),
      y: ndarray.fromNested([0, 0]),
      epsilon: ndarray.fromNested([0.1, 0.4])
    }
    const after = (options: attack.StepLength) => {
      const pgd = attack.pgd({ epsilon: 9, steps: 2, randomStart: false, loss: second, ...options })
      return numbers(evaluateOn(pgd(steep))({}, batch, key(0)).losses)
    }
    // three elements: each step adds three times its length, up to ε
    const expected = [1.5, 1.5, 1.65, 2.1, 1.8, 2.7]
    after({ relativeStep: 1 }).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 12))
    const fixed = [1.5, 1.5, 1.8, 2.4, 1.8, 2.7]
    after({ stepSize: 0.3 }).forEach((value, i) => expect(value).toBeCloseTo(fixed[i]!, 12))
  })
})
