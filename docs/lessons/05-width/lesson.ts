import { points, range, seed, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

/** The widths at which networks are drawn. */
export const WIDTHS = [8, 16, 32, 64, 128, 256, 512] as const

/** The bounds of a line that is drawn, as powers of ten. */
export const DRAWN = { min: -1.5, max: 0, step: 0.05 } as const

const controls = {
  drawn: points('your line', DRAWN, [-0.5, -0.5]),
  width: range('width', WIDTHS, 32),
  draws: range('draws', [25, 50, 100, 200], 100),
  seed: seed(0)
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    sketch: {
      title: 'Draw it first: the distance from the limit, by width',
      controls: ['drawn'],
      where: 'page'
    },
    draws: {
      title: 'Many random networks of one width, and of every width',
      controls: ['width', 'draws', 'seed'],
      reads: ['drawn'],
      where: 'worker'
    }
  },
  predictions: {
    four: {
      options: { same: 'stays the same', half: 'is halved', quarter: 'is divided by four' },
      answer: 'half'
    }
  },
  exercises: {
    wider: { kind: 'number', answer: 1024, within: 1, wrong: 256 },
    mean: {
      kind: 'choice',
      options: {
        slope: 'the slope becomes steeper',
        scatter: 'the points lie closer to their line; the slope stays',
        limit: 'the limit changes'
      },
      answer: 'scatter'
    },
    narrow: {
      kind: 'reach',
      figure: 'draws',
      reached: (fact) => fact('spread') < 0.1,
      example: { width: 512 }
    }
  }
}
