import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, key, ndarray, ops, type Tensor } from 'tangentflow'
import { numbers } from './support.js'

// The points of an attack are given here, and what the attack makes of them is told by hand. A sample is its two logits, and its
// label is 0: the margin is the first less the second. What is raised is told apart from it: the second logit squared.

const logits = () => (x: Tensor) => x
const raised: attack.AttackLoss = () => (z) => ops.square(ops.at(1, 1)(z))
const box = [-100, 100] as const

type Sample = readonly [own: number, other: number]

interface Given {
  /** Every sample's points, the start first. */
  readonly points: readonly (readonly Sample[])[]
  readonly keep: 'last' | 'best'
  readonly freeze?: boolean
  readonly loss?: attack.AttackLoss
}

/** What an attack through given points finds. */
const through = ({ points, keep, freeze = false, loss = raised }: Given) => {
  const steps = points[0]!.length - 1
  const at = (k: number) => ndarray.fromNested(points.map((sample) => sample[k]!))
  const given = attack.iterate<Record<string, never>, { readonly next: Tensor }>({
    ...attack.pgdIteration({ epsilon: 50, steps, stepSize: 1, loss, box }),
    keep,
    freeze,
    start: ({ ball }) => ({ point: ball.centre, state: {} }),
    schedule: (k) => ({ next: at(k + 1) }),
    step: (_goal, _at, _gradient, _state, { next }) => ({ point: next, state: {} })
  })
  return evaluateOn(given(logits))({}, { x: at(0), y: ndarray.zeros([points.length]) }, key(0))
}

describe('the point that is kept', () => {
  // rows: two that fail, with losses 1 and 4; a success of loss 0; a success of loss 9; a failure of loss 25
  const sample: readonly Sample[] = [
    [3, 1],
    [3, 2],
    [-1, 0],
    [2, 3],
    [9, 5]
  ]

  it('is the best by success, then loss, or the last', () => {
    const best = through({ points: [sample], keep: 'best' })
    expect(numbers(best.x)).toEqual([2, 3])
    expect([best.success, best.loss, best.margin].map((field) => field.data[0])).toEqual([1, 9, -1])
    const last = through({ points: [sample], keep: 'last' })
    expect(numbers(last.x)).toEqual([9, 5])
    expect([last.success, last.loss, last.margin].map((field) => field.data[0])).toEqual([0, 25, 4])
    const failing = through({ points: [sample.slice(0, 2)], keep: 'best' })
    expect(numbers(failing.x)).toEqual([3, 2])
    expect(failing.success.data[0]).toBe(0)
  })

  it('is the earliest of equal ones, in a run of any length', () => {
    const equal: readonly Sample[] = [
      [5, 2],
      [6, 2],
      [7, -2]
    ]
    expect(numbers(through({ points: [equal], keep: 'best' }).x)).toEqual([5, 2])
    expect(numbers(through({ points: [equal.slice(0, 1)], keep: 'best' }).x)).toEqual([5, 2])
    const successes: readonly Sample[] = [
      [9, 1],
      [1, 4],
      [0, 4]
    ]
    expect(numbers(through({ points: [successes], keep: 'best' }).x)).toEqual([1, 4])
  })

  it('is chosen for each sample by itself', () => {
    const other: readonly Sample[] = [
      [1, 8],
      [3, 2],
      [4, 1],
      [5, 0],
      [6, 0]
    ]
    const { x, success, loss } = through({ points: [sample, other], keep: 'best' })
    expect(numbers(x)).toEqual([2, 3, 1, 8])
    expect(numbers(success)).toEqual([1, 1])
    expect(numbers(loss)).toEqual([9, 64])
  })

  it('counts a tie, and a margin that is no number, as a success', () => {
    expect(numbers(through({ points: [[[2, 2]]], keep: 'best' }).success)).toEqual([1])
    expect(numbers(through({ points: [[[NaN, 2]]], keep: 'last' }).success)).toEqual([1])
    expect(numbers(through({ points: [[[2.001, 2]]], keep: 'best' }).success)).toEqual([0])
  })
})

describe('rows', () => {
  it('are the losses and margins of all points in order, and the first success among them', () => {
    const [never, second, at0, last]: readonly (readonly Sample[])[] = [
      [
        [3, 1],
        [4, 1],
        [5, 1]
      ],
      [
        [3, 1],
        [1, 1],
        [0, 2]
      ],
      [
        [0, 1],
        [4, 1],
        [5, 6]
      ],
      [
        [3, 1],
        [4, 1],
        [0, 7]
      ]
    ]
    for (const keep of ['best', 'last'] as const) {
      const { losses, margins, firstSuccess } = through({ points: [never!, second!, at0!, last!], keep })
      expect(ndarray.toNested(losses)).toEqual([
        [1, 1, 1, 1],
        [1, 1, 1, 1],
        [1, 4, 36, 49]
      ])
      expect(ndarray.toNested(margins)).toEqual([
        [2, 2, -1, 2],
        [3, 0, 3, 3],
        [4, -2, -1, -7]
      ])
      expect(numbers(firstSuccess)).toEqual([-1, 1, 0, 2])
    }
  })
})

describe('a sample that is frozen', () => {
  const points: readonly (readonly Sample[])[] = [
    [
      [3, 1],
      [0, 2],
      [0, 9],
      [5, 1]
    ],
    [
      [3, 1],
      [4, 2],
      [5, 3],
      [6, 4]
    ]
  ]

  it('stays at its first success, while others go on', () => {
    for (const keep of ['best', 'last'] as const) {
      const { x, margins } = through({ points, keep, freeze: true })
      expect(numbers(x)).toEqual([0, 2, 6, 4])
      expect(ndarray.toNested(margins)).toEqual([
        [2, 2],
        [-2, 2],
        [-2, 2],
        [-2, 2]
      ])
    }
    expect(numbers(through({ points, keep: 'last' }).x)).toEqual([5, 1, 6, 4])
  })
})

describe('gradients at fault', () => {
  // a slope of 0 where the second logit is 0, and of no number where it is below 0
  const rooted: attack.AttackLoss = () => (z) => {
    const second = ops.at(1, 1)(z)
    return ops.mul(second)(ops.add(second)(ops.scale(0)(ops.sqrt(second))))
  }
  const points: readonly (readonly Sample[])[] = [
    [
      [9, 0],
      [9, 0],
      [9, 2],
      [9, 1]
    ],
    [
      [9, 1],
      [9, -1],
      [9, 3],
      [9, 2]
    ],
    [
      [9, 1],
      [0, 3],
      [9, 0],
      [9, 0]
    ]
  ]

  it('are counted at each step, those of the last point not being formed', () => {
    const { zeroGradients } = through({ points, keep: 'best', loss: raised })
    expect(numbers(zeroGradients)).toEqual([2, 0, 1])
    expect(numbers(through({ points, keep: 'best', loss: raised, freeze: true }).zeroGradients)).toEqual([
      2, 0, 0
    ])
  })

  it('hold a sample where it is in an evaluation, and do not in training', () => {
    const evaluation = through({ points: [points[1]!], keep: 'best', loss: rooted })
    // the point with the bad gradient is not left again
    expect(numbers(evaluation.margins)).toEqual([8, 10, 10, 10])
    expect(numbers(evaluation.nonFiniteGradients)).toEqual([2])
    const training = through({ points: [points[1]!], keep: 'last', loss: rooted })
    expect(numbers(training.x)).toEqual([9, 2])
    expect(numbers(training.nonFiniteGradients)).toEqual([1])
  })

  it('are 0 where no gradient is followed', () => {
    const square = attack.square({ epsilon: 1, steps: 3, box, image: [1, 1, 2], loss: raised })
    const { zeroGradients, nonFiniteGradients } = evaluateOn(square(logits))(
      {},
      { x: ndarray.fromNested([[9, 0]]), y: ndarray.zeros([1]) },
      key(0)
    )
    expect([zeroGradients.data[0], nonFiniteGradients.data[0]]).toEqual([0, 0])
  })
})
