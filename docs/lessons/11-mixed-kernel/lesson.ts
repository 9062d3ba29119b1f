import { choice, range, seed, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

const controls = {
  epsilon: range('radius ε', { min: 0, max: 0.5, step: 0.05 }, 0.3),
  training: choice('training', { natural: 'natural', adversarial: 'adversarial' }, 'adversarial'),
  width: range('width', [16, 32, 64, 128, 256], 128),
  rate: range('rate η', [0.1, 0.2, 0.4], 0.4),
  seed: seed()
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    kernels: {
      title: 'Eight examples, their attacked versions, and three kernels',
      controls: ['epsilon', 'seed'],
      reads: ['width'],
      where: 'worker'
    },
    dynamics: {
      title: 'What training does, and what two kernels say it does',
      controls: ['training', 'width', 'rate'],
      reads: ['epsilon', 'seed'],
      where: 'worker'
    }
  },
  predictions: {
    symmetric: {
      options: {
        symmetric: 'symmetric, as every kernel',
        not: 'not symmetric',
        zero: 'zero outside its diagonal'
      },
      answer: 'not'
    },
    which: {
      options: {
        clean: 'Θ(X, X), since f(X) is asked for',
        mixed: 'Θ(X, X̃)',
        attacked: 'Θ(X̃, X̃), since training sees X̃'
      },
      answer: 'mixed'
    }
  },
  exercises: {
    hand: { kind: 'number', answer: 5.25, within: 0.01, wrong: 5 },
    step: { kind: 'number', answer: 51.1875, within: 0.3, wrong: 48.75 },
    same: {
      kind: 'reach',
      figure: 'kernels',
      reached: (fact) => fact('distance') < 1e-9,
      example: { epsilon: 0 }
    },
    again: {
      kind: 'choice',
      options: {
        follow: 'because the attack follows the network',
        rounding: 'because of rounding',
        kernel: 'because the kernel of a wide network moves'
      },
      answer: 'follow'
    }
  }
}
