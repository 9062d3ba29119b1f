import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, key, ndarray, nn, ops, type Tensor } from 'tangentflow'

describe('APGD', () => {
  it('looks at its step where the paper does', () => {
    expect(attack.checkpoints(100)).toEqual([22, 41, 57, 70, 80, 87, 93, 99])
    expect(attack.checkpoints(20)).toEqual([5, 9, 12, 14, 16, 18, 19, 20])
  })

  // a wavy objective of two elements, so that steps rise, fall and stall
  const objective = ([u, v]: readonly number[]): number => Math.sin(9 * u!) + Math.cos(7 * v!) - u! * v!
  const slope = ([u, v]: readonly number[]): readonly number[] => [
    9 * Math.cos(9 * u!) - v!,
    -7 * Math.sin(7 * v!) - u!
  ]
  const wavy = () => (x: Tensor) => {
    const [u, v] = [ops.at(1, 0)(x), ops.at(1, 1)(x)]
    const value = ops.sub(ops.mul(v)(u))(ops.add(ops.cos(ops.scale(7)(v)))(ops.sin(ops.scale(9)(u))))
    return ops.stack(1)([ops.scale(0)(value), value])
  }
  const loss: attack.AttackLoss = () => (z) => ops.at(1, 1)(z)
  const steps = 30

  /** Algorithm 1 of the paper, and how often each of its conditions alone halved the step. */
  const algorithm = (centre: readonly number[], epsilon: number, rho: number) => {
    const clip = (p: readonly number[]): readonly number[] =>
      p.map((value, i) => Math.min(Math.max(value, centre[i]! - epsilon, 0), centre[i]! + epsilon, 1))
    const w = attack.checkpoints(steps)
    const halvings = { few: 0, stalled: 0 }
    const losses: number[] = []
    let [at, before, top] = [centre, centre, centre]
    let [eta, rises, last, checked, halvedLast] = [2 * epsilon, 0, Infinity, -Infinity, true]
    for (let k = 0; k <= steps; k++) {
      const f = objective(at)
      losses.push(f)
      if (f > objective(top)) top = at
      if (f > last) rises++
      last = f
      const j = w.indexOf(k)
      if (j >= 0) {
        const few = rises < rho * (k - (w[j - 1] ?? 0))
        const stalled = !halvedLast && checked >= objective(top)
        if (few !== stalled) halvings[few ? 'few' : 'stalled']++
        if (few || stalled) [eta, at] = [eta / 2, top]
        ;[halvedLast, checked, rises] = [few || stalled, objective(top), 0]
      }
      const here = at
      const g = slope(at)
      const z = clip(at.map((value, i) => value + eta * Math.sign(g[i]!)))
      const a = k === 0 ? 1 : 0.75
      const next = clip(at.map((value, i) => value + a * (z[i]! - value) + (1 - a) * (value - before[i]!)))
      ;[before, at] = [here, next]
    }
    return { losses, halvings }
  }

  it('follows Algorithm 1, step by step, in L∞', () => {
    const seen = { few: 0, stalled: 0 }
    for (const centre of [
      [0.5, 0.45],
      [0.2, 0.9],
      [0.8, 0.1]
    ])
      for (const epsilon of [0.1, 0.4])
        for (const rho of [0.75, 0.1]) {
          const parts = attack.apgdIteration({ epsilon, steps, loss, rho })
          const noiseless = attack.iterate({
            ...parts,
            freeze: false,
            start: (goal, k) => {
              const { state } = parts.start(goal, k)
              const point = goal.ball.centre
              return { point, state: { ...state, previous: point, top: point } }
            }
          })
          const x = ndarray.fromNested([centre])
          const { losses } = evaluateOn(noiseless(wavy))({}, { x, y: ndarray.fromNested([0]) }, key(0))
          const expected = algorithm(centre, epsilon, rho)
          expected.losses.forEach((value, k) => expect(losses.data[k]).toBeCloseTo(value, 10))
          seen.few += expected.halvings.few
          seen.stalled += expected.halvings.stalled
        }
    expect(Math.min(seen.few, seen.stalled)).toBeGreaterThan(2)
  })

  it.each([NaN, -3, 1.5])('refuses %s as the share of steps that ought to rise', (rho) => {
    const net = nn.serial(nn.dense(4))
    const batch = { x: ndarray.full([1, 3], 0.5), y: ndarray.of([1], [0]) }
    const apgd = attack.apgd({ epsilon: 0.1, steps: 5, rho })
    expect(() => evaluateOn(apgd(net.apply))(net.init(key(0), [3]), batch, key(0))).toThrow('rho')
  })
})
