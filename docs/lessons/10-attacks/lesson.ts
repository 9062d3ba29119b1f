import { choice, points, range, seed, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

const controls = {
  norm: choice('norm', { linf: 'L∞', l2: 'L2', l1: 'L1' }, 'l2'),
  epsilon: range('radius ε', { min: 0.02, max: 0.4, step: 0.02 }, 0.3),
  steps: range('steps of PGD', [1, 2, 3, 5, 8, 12, 20], 12),
  at: points('the example', { min: 0, max: 1, step: 0.01 }, [0.5, 0.5]),
  restarts: range('restarts', [1, 2, 3, 4, 6, 8, 12, 16], 8),
  seed: seed(),
  pixel: range('ε of a pixel', { min: 0, max: 0.3, step: 0.02 }, 0.14),
  image: range('image', { min: 0, max: 19, step: 1 }, 3)
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    path: {
      title: 'One example, its ball, and two attacks',
      controls: ['norm', 'epsilon', 'steps', 'at'],
      where: 'worker'
    },
    restarts: {
      title: 'The same attack from random points of the ball',
      controls: ['restarts', 'seed'],
      reads: ['norm', 'epsilon', 'steps', 'at'],
      where: 'worker'
    },
    digits: {
      title: 'A network that reads digits, attacked',
      controls: ['pixel', 'image'],
      where: 'worker'
    }
  },
  predictions: {
    stronger: {
      options: {
        fgsm: 'FGSM, since its one step is the longest',
        pgd: 'PGD, since it asks for the gradient again on its way',
        same: 'both the same, since the ball is the same'
      },
      answer: 'pgd'
    },
    hills: {
      options: { one: 'all at the same', several: 'at several', every: 'each at a loss of its own' },
      answer: 'several'
    },
    left: {
      options: { most: 'more than 80 of 100', half: 'about half', few: 'fewer than a quarter' },
      answer: 'few'
    }
  },
  exercises: {
    box: { kind: 'number', answer: 1, within: 0.005, wrong: 1.1 },
    two: { kind: 'number', answer: 0.3, within: 0.005, wrong: 0.5 },
    only: {
      kind: 'reach',
      figure: 'path',
      reached: (fact) => fact('fgsmFooled') === 0 && fact('pgdFooled') === 1,
      example: { epsilon: 0.16 }
    },
    bound: {
      kind: 'choice',
      options: {
        mean: '60 %, the mean of both',
        most: 'at most 40 %',
        exact: '40 %, what the stronger attack leaves'
      },
      answer: 'most'
    }
  }
}
