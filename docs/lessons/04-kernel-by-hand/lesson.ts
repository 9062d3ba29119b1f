import { range, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

const weights = { min: -3, max: 3, step: 0.5 }

const controls = {
  w11: range('w₁, first', weights, 1),
  w12: range('w₁, second', weights, 2),
  w21: range('w₂, first', weights, -1),
  w22: range('w₂, second', weights, 3),
  rate: range('rate η', { min: 0.02, max: 2, step: 0.02 }, 0.4)
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    kernel: {
      title: 'The network’s kernel',
      controls: ['w11', 'w12', 'w21', 'w22'],
      where: 'page'
    },
    descent: {
      title: 'Gradient descent with this kernel',
      controls: ['rate'],
      reads: ['w11', 'w12', 'w21', 'w22'],
      where: 'page'
    }
  },
  predictions: {
    larger: {
      options: { first: 'at x₁ = (1, 1)', second: 'at x₂ = (1, 0)', same: 'the same at both' },
      answer: 'first'
    },
    diverges: {
      options: {
        small: 'the mode of the small eigenvalue',
        large: 'the mode of the large eigenvalue',
        both: 'both at once'
      },
      answer: 'large'
    }
  },
  exercises: {
    active: { kind: 'number', answer: 1, within: 0.01, wrong: 0.5 },
    doubled: { kind: 'number', answer: 14, within: 0.01, wrong: 17 },
    singular: {
      kind: 'reach',
      figure: 'kernel',
      reached: (fact) => fact('lambda1') > 0.1 && Math.abs(fact('lambda2')) < 1e-9,
      example: { w11: -1 }
    },
    momentum: {
      kind: 'choice',
      options: { up: 'it rises to 4/3', same: 'it stays 8/9', down: 'it falls to 4/9' },
      answer: 'up'
    }
  }
}
