import { points, range, seed, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

/** How far inputs reach along each axis. */
export const REACH = 2

const plane = { min: -REACH, max: REACH, step: 0.05 }

const controls = {
  x: points('x', plane, [1, 0.5]),
  other: points('x′', plane, [0.2, 1.4]),
  seed: seed(13),
  rate: range('rate η', { min: 0, max: 1, step: 0.01 }, 0.3)
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    features: {
      title: 'Two inputs, their gradients, and the product of these',
      controls: ['x', 'other', 'seed'],
      where: 'page'
    },
    step: {
      title: 'One step on x, seen at x′',
      controls: ['rate'],
      reads: ['x', 'other', 'seed'],
      where: 'page'
    }
  },
  predictions: {
    opposite: {
      options: { negative: 'negative: −Θ(x, x)', zero: 'zero', positive: 'positive: Θ(x, x)' },
      answer: 'zero'
    },
    small: {
      options: { all: 'at all rates', small: 'at small ones', none: 'at none' },
      answer: 'small'
    }
  },
  exercises: {
    output: { kind: 'number', answer: Math.SQRT1_2 * 2, within: 0.01, wrong: 2 },
    orthogonal: {
      kind: 'reach',
      figure: 'features',
      reached: (fact, { x, other }) =>
        Math.abs(fact('theta')) < 1e-9 && Math.hypot(...x) > 0.5 && Math.hypot(...other) > 0.5,
      example: { x: [1, 0.5], other: [-1, -0.5] }
    },
    sign: {
      kind: 'choice',
      options: { up: 'f(x′) rises', down: 'f(x′) falls', stays: 'f(x′) stays as it is' },
      answer: 'down'
    }
  }
}
