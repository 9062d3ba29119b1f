import { range, seed, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

const controls = {
  scale: range('output scale α', [0.1, 0.25, 0.5, 1, 2, 4, 8, 16], 1),
  width: range('width m', [16, 32, 64, 128], 32),
  seed: seed()
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    training: {
      title: 'One network, trained at this scale',
      controls: ['scale', 'width', 'seed'],
      where: 'worker'
    },
    law: {
      title: 'How far the kernel moves, scale by scale',
      controls: ['width', 'seed'],
      where: 'worker'
    }
  },
  predictions: {
    features: {
      options: {
        large: 'at a large α, since the outputs are large',
        small: 'at a small α, since the weights must go far',
        same: 'at none: α only changes units'
      },
      answer: 'small'
    },
    quarter: {
      options: {
        half: 'to about a half',
        quarter: 'to about a quarter',
        sixteenth: 'to about a sixteenth'
      },
      answer: 'quarter'
    }
  },
  exercises: {
    stays: {
      kind: 'reach',
      figure: 'training',
      reached: (fact) => fact('loss') < 0.01 && fact('drift') < 0.02,
      example: { scale: 16 }
    },
    learns: {
      kind: 'reach',
      figure: 'training',
      reached: (fact) => fact('test') < 0.8 * fact('predicted'),
      example: { scale: 0.1 }
    },
    width: {
      kind: 'choice',
      options: { quarter: 'to a quarter', half: 'to a half', none: 'not at all' },
      answer: 'half'
    },
    distance: { kind: 'number', answer: 0.1, within: 0.001, wrong: 10 }
  }
}
