import { choice, points, range, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

/** The largest variance. */
export const MOST = 4

const controls = {
  activation: choice('activation', { relu: 'ReLU', erf: 'erf', sin: 'sin' }, 'relu'),
  depth: range('hidden layers', [1, 2, 3, 4, 6, 8, 12, 16], 1),
  variances: points('σ_w² and σ_b²', { min: 0, max: MOST, step: 0.05 }, [2, 0])
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    depth: {
      title: 'The kernels over the angle, and the correlation over the layers',
      controls: ['activation', 'depth', 'variances'],
      where: 'worker'
    }
  },
  predictions: {
    deep: {
      options: {
        apart: 'towards 0: the layers tell them apart',
        same: 'it stays ½',
        together: 'towards 1: the layers cannot tell them apart'
      },
      answer: 'together'
    }
  },
  exercises: {
    right: { kind: 'number', answer: 0.25, within: 0.005, wrong: 0.5 },
    chaos: {
      kind: 'reach',
      figure: 'depth',
      reached: (fact, { activation, depth }) =>
        activation === 'erf' && depth >= 8 && fact('chi') > 1.05 && fact('correlation') < 0.95,
      example: { activation: 'erf', depth: 12, variances: [4, 0] }
    },
    order: {
      kind: 'choice',
      options: {
        order: 'order: every pair of inputs becomes one',
        chaos: 'chaos: near inputs are driven apart',
        neither: 'neither: correlations stay as they are'
      },
      answer: 'order'
    }
  }
}
