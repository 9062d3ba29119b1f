import { range, seed, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

const controls = {
  width: range('width', [8, 32, 128], 128),
  count: range('networks', [5, 10, 20, 40], 20),
  noise: range('noise of the data', { min: 0, max: 1, step: 0.1 }, 0),
  seed: seed()
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    theories: {
      title: 'Infinitely many, infinitely wide networks: two posteriors',
      controls: ['noise'],
      where: 'worker'
    },
    ensemble: {
      title: 'Networks that are really trained',
      controls: ['width', 'count', 'seed'],
      reads: ['noise'],
      where: 'worker'
    }
  },
  predictions: {
    between: {
      options: {
        equal: 'equally much everywhere',
        data: 'most at the data',
        away: 'most away from the data'
      },
      answer: 'away'
    },
    which: {
      options: {
        ntk: 'the one of the NTK',
        nngp: 'the one of the NNGP, which Bayes’ rule gives',
        neither: 'neither: it is much narrower'
      },
      answer: 'ntk'
    }
  },
  exercises: {
    noisy: {
      kind: 'choice',
      options: {
        wider: 'they become wider, since we know less',
        same: 'they stay as they are',
        narrower: 'they become narrower'
      },
      answer: 'same'
    },
    last: {
      kind: 'choice',
      options: { first: 'the first layer alone', last: 'the last layer alone', all: 'all layers' },
      answer: 'last'
    },
    error: { kind: 'number', answer: 0.1, within: 0.015, wrong: 0.02 },
    close: {
      kind: 'reach',
      figure: 'ensemble',
      reached: (fact) => fact('count') >= 40 && fact('toNtk') < 0.5 * fact('toBayes'),
      example: { width: 128, count: 40 }
    }
  }
}
