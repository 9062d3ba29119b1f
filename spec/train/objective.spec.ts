import {
  attack,
  evaluateOn,
  grad,
  key,
  type Key,
  ndarray,
  type nn,
  ops,
  optimise,
  type Tensor,
  trace,
  train
} from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { graphKey } from '../../lib/graph/graph.js'
import { maxDifference } from '../support/networks.js'
import { right } from '../support/either.js'
import { small, start } from '../support/training.js'

const { net, set } = small

const pgd = (loss?: attack.AttackLoss) =>
  attack.pgd({ epsilon: 0.1, steps: 3, stepSize: 0.05, ...(loss === undefined ? {} : { loss }) })

const value = (objective: train.Objective, p = start): number =>
  ndarray.toNumber(evaluateOn(objective(net.apply))(p, set, key(5)))

/** A model of no parameters that matter: logits x·w for x in the plane, w the identity. */
const plane = (params: nn.Params) => (x: Tensor) => ops.matmul(params[0]!.w!)(x)

const identity = [
  {
    w: ndarray.fromNested([
      [1, 0],
      [0, 1]
    ])
  }
]

const one = { x: ndarray.fromNested([[0.5, 0.25]]), y: ndarray.of([1], [0]) }

/** Moves the one example to (0.25, 0.5), whatever is asked. */
const moved: attack.Attack = () => () => ({
  x: ops.constant(ndarray.fromNested([[0.25, 0.5]]))
})

const softplus = (gap: number): number => Math.log(1 + Math.exp(gap))

describe('objectives', () => {
  it('TRADES is the cross-entropy plus β times the divergence, worked by hand', () => {
    // p = softmax(.5, .25), q = softmax(.25, .5) = p turned round: KL(p ‖ q) = (p₀ − p₁) · .25
    const p0 = 1 / (1 + Math.exp(-0.25))
    const divergence = (2 * p0 - 1) * 0.25
    const trades = train.trades({ beta: 3, attack: () => moved })(plane)
    const got = ndarray.toNumber(evaluateOn(trades)(identity, one, key(0)))
    expect(got).toBeCloseTo(softplus(-0.25) + 3 * divergence, 12)
  })

  it('MART is boosted cross-entropy plus λ times the doubted divergence, worked by hand', () => {
    const p0 = 1 / (1 + Math.exp(-0.25))
    const divergence = (2 * p0 - 1) * 0.25
    const mart = train.mart({ lambda: 2, attack: () => moved })(plane)
    const got = ndarray.toNumber(evaluateOn(mart)(identity, one, key(0)))
    // under attack the other class has p₀
    const boosted = softplus(0.25) - Math.log(1.0001 - p0)
    expect(got).toBeCloseTo(boosted + 2 * divergence * (1 - p0), 12)
  })

  it('β = 0 leaves the natural loss, no attack leaves both terms where they are', () => {
    const natural = value(train.adversarial())
    expect(value(train.trades({ beta: 0, attack: pgd }))).toBe(natural)
    expect(value(train.trades({ attack: () => attack.none }))).toBe(natural)
    expect(value(train.trades({ attack: pgd }))).toBeGreaterThan(natural)
    expect(value(train.trades({ beta: 12, attack: pgd })) - natural).toBeCloseTo(
      2 * (value(train.trades({ beta: 6, attack: pgd })) - natural),
      9
    )
  })

  it('the inner attack of TRADES raises the divergence', () => {
    const divergence = (steps: number): number =>
      value(
        train.trades({
          beta: 1,
          attack: (loss) => attack.pgd({ epsilon: 0.1, steps, stepSize: 0.03, loss })
        })
      )
    expect(divergence(5)).toBeGreaterThan(divergence(0))
  })

  it('gradients go through both outputs of TRADES, not through the attack', () => {
    const objective = train.trades({ beta: 2, attack: pgd })
    const gradient = evaluateOn((p: nn.Params) =>
      grad((q: nn.Params) => objective(net.apply)(q, fixed, noise))(p)
    )
    const fixed = { x: ops.constant(set.x), y: ops.constant(set.y) }
    const noise = key(5)
    const slope = gradient(start)
    const shifted = (h: number) =>
      start.map((layer, l) =>
        l > 0 || layer.w === undefined
          ? layer
          : {
              ...layer,
              w: ndarray.of(
                layer.w.shape,
                Float64Array.from(layer.w.data, (w, i) => (i === 7 ? w + h : w))
              )
            }
      )
    const h = 1e-6
    const difference = (value(objective, shifted(h)) - value(objective, shifted(-h))) / (2 * h)
    // signs of the attack do not turn in so small a step, so that the attacked input stays where it is
    expect(slope[0]!.w!.data[7]).toBeCloseTo(difference, 6)
  })

  it('an objective given by attack and loss makes the very program that attack and loss make', () => {
    const step = (options: train.TrainStepOptions): string => {
      const first = { params: start, state: train.initialState(train.sgd)<nn.Params>(start) }
      const traced = trace(
        (from: train.TrainState<nn.Params>, batch: Required<nn.Batch>, rate: Tensor, noise: Key) =>
          train.trainStep(net.apply, options)(from, batch, [], rate, noise),
        [first, { ...set, ids: ndarray.zeros([21]) }, ndarray.scalar(0), key(1)]
      )
      return graphKey(optimise(right(traced).graph))
    }
    const attacked = step({ optimiser: train.sgd, attack: pgd() })
    expect(step({ optimiser: train.sgd, objective: train.adversarial(pgd()) })).toBe(attacked)
    expect(step({ optimiser: train.sgd })).not.toBe(attacked)
  })

  it('FGSM-RS is one step of 1.25 ε from a random point', () => {
    const wanted = attack.pgd({ epsilon: 0.1, steps: 1, stepSize: 0.125 })
    const [a, b] = [train.fgsmRs({ epsilon: 0.1 }), wanted].map((each) =>
      evaluateOn(each(net.apply))(start, set, key(2))
    )
    expect(maxDifference(a!.x, b!.x)).toBe(0)
  })
})

describe('training on clean and attacked examples', () => {
  const attacked = (clean: number) =>
    evaluateOn(train.mixed(clean)(pgd())(net.apply))(start, { ...set, ids: ndarray.zeros([21]) }, key(4)).x
  const changed = (clean: number): readonly boolean[] =>
    Array.from({ length: 21 }, (_, i) =>
      attacked(clean)
        .data.slice(6 * i, 6 * i + 6)
        .some((v, j) => v !== set.x.data[6 * i + j])
    )

  it('attacks the first part of the batch, rounded, and leaves the rest', () => {
    for (const [clean, count] of [
      [0, 21],
      [0.25, 16],
      [0.5, 11],
      [0.99, 0],
      [1, 0]
    ] as const)
      expect(changed(clean), `${clean}`).toEqual(Array.from({ length: 21 }, (_, i) => i < count))
  })

  it('finds for that part what the attack finds for it alone', () => {
    const some = (limit: number) => ({
      x: ndarray.of([limit, 6], set.x.data.slice(0, 6 * limit)),
      y: ndarray.of([limit], set.y.data.slice(0, limit))
    })
    const alone = evaluateOn(pgd()(net.apply))(start, some(11), key(4)).x
    expect([...attacked(0.5).data.slice(0, 66)]).toEqual([...alone.data])
  })

  it('is the attack itself, and no attack, at the ends: the very programs', () => {
    const program = (attack: attack.Attack): string =>
      graphKey(
        optimise(
          right(
            trace(
              (p: nn.Params, b: Required<nn.Batch>, k: Key) => attack(net.apply)(p, b, k),
              [start, { ...set, ids: ndarray.zeros([21]) }, key(1)]
            )
          ).graph
        )
      )
    expect(program(train.mixed(0)(pgd()))).toBe(program(pgd()))
    expect(program(train.mixed(1)(pgd()))).toBe(program(attack.none))
  })

  it('attacks with the radii and to the targets that a batch brings', () => {
    const n = 21
    const radii = ndarray.of(
      [n],
      Array.from({ length: n }, (_, i) => (i % 2) / 5)
    )
    const target = ndarray.full([n], 1)
    for (const [how, more] of [
      [attack.pgd({ epsilon: 0.01, steps: 3, relativeStep: 1 }), { epsilon: ndarray.scalar(0.3) }],
      [attack.pgd({ epsilon: 0.01, steps: 3, relativeStep: 1 }), { epsilon: radii }],
      [attack.pgd({ epsilon: 0.1, steps: 3, stepSize: 0.1, target: attack.target.given }), { target }]
    ] as const) {
      const found = (clean: number) =>
        evaluateOn(train.mixed(clean)(how)(net.apply))(start, { ...set, ...more }, key(4)).x.data
      const [half, all] = [found(0.5), found(0)]
      // noise follows places, so the first eleven meet the same
      expect(half.slice(0, 11 * 6)).toEqual(all.slice(0, 11 * 6))
      expect([...half.slice(11 * 6)]).toEqual([...set.x.data.slice(11 * 6)])
    }
  })

  it('lowers the mean over both parts, worked by hand', () => {
    const two = { x: ndarray.of([2, 2], [0.5, 0.25, 0.5, 0.25]), y: ndarray.of([2], [0, 0]) }
    const half = train.adversarial(train.mixed(0.5)(moved))(plane)
    const got = ndarray.toNumber(evaluateOn(half)(identity, two, key(0)))
    expect(got).toBeCloseTo((softplus(0.25) + softplus(-0.25)) / 2, 12)
  })

  it.each([-0.1, 1.1, NaN])('refuses a share of %s', (clean) => {
    expect(() => changed(clean)).toThrow(/train\.mixed/)
  })
})
