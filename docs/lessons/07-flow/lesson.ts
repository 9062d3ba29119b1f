import { points, range, seed, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

/** How far inputs and targets reach. */
export const REACH = 2

/** The rate at which the page starts, as a share of the largest stable one. */
export const START_RATE = 0.2

/** What is left of a residual after so many steps is drawn, as a power of ten. */
export const DRAWN = { min: -4, max: 0, step: 0.05 } as const
export const DRAWN_STEPS = 10

const controls = {
  drawn: points('your lines', DRAWN, [-1, -0.5]),
  data: points(
    'the data',
    { min: -REACH, max: REACH, step: 0.05 },
    [-1.5, -0.6, -0.6, 0.7, 0.3, -0.4, 1.4, 1.1]
  ),
  rate: range('rate / (2N/λ₁)', [0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 1, 1.05, 1.1], START_RATE),
  time: range('steps', [0, 1, 2, 5, 10, 20, 50, 100, 200, 400], 100),
  width: range('width', [8, 32, 128, 512], 128),
  seed: seed(1)
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    sketch: {
      title: 'Draw it first: what is left of two modes',
      controls: ['drawn'],
      where: 'page'
    },
    flow: {
      title: 'A network, its linear model, and the closed form',
      controls: ['data', 'rate', 'time', 'width', 'seed'],
      reads: ['drawn'],
      where: 'worker'
    }
  },
  predictions: {
    first: {
      options: {
        smooth: 'what is smooth: the level and the tilt of the data',
        fine: 'what is fine: differences between neighbours',
        same: 'everything at the same speed'
      },
      answer: 'smooth'
    }
  },
  exercises: {
    time: { kind: 'number', answer: 5, within: 0.05, wrong: 1.25 },
    diverge: {
      kind: 'reach',
      figure: 'flow',
      reached: (fact, { time }) => fact('first') > 1 && time >= 10,
      example: { rate: 1.05 }
    },
    width: {
      kind: 'choice',
      options: { shrinks: 'it shrinks', grows: 'it grows', stays: 'it stays as it is' },
      answer: 'shrinks'
    }
  }
}
