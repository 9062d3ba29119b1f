import { choice, points, range, seed, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

const controls = {
  kept: points('the mask', { min: 0, max: 1, step: 1 }, [1, 0, 1, 1, 1, 1]),
  form: choice('kernel', { restricted: 'restricted', ambient: 'ambient' }, 'restricted'),
  score: choice(
    'score',
    { random: 'random', magnitude: '|w|', snip: '|w ∂L/∂w|', kernelTrace: 'kernel trace' },
    'magnitude'
  ),
  layers: choice(
    'kept weights are allocated',
    { global: 'to the best of all layers', uniform: 'the same share to each', erk: 'by Erdős and Rényi' },
    'global'
  ),
  density: range('density', [0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1], 0.01),
  seed: seed()
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    weights: {
      title: 'Six weights, each of which you can switch off',
      controls: ['form', 'kept'],
      where: 'worker'
    },
    layers: {
      title: 'A mask for a network that reads digits',
      controls: ['score', 'layers', 'density', 'seed'],
      where: 'worker'
    }
  },
  predictions: {
    governs: {
      options: {
        restricted: 'the restricted one: only weights that are kept count',
        ambient: 'the ambient one: the function depends on all weights',
        both: 'both: they are equal'
      },
      answer: 'restricted'
    },
    collapses: {
      options: {
        nothing: 'all layers lose alike',
        first: 'the first layer loses all of its weights',
        last: 'the last layer loses all of its weights'
      },
      answer: 'first'
    }
  },
  exercises: {
    off: { kind: 'number', answer: 2, within: 0.01, wrong: 2.25 },
    learns: {
      kind: 'reach',
      figure: 'weights',
      reached: (fact) => fact('rank') === 1 && fact('count') >= 3,
      example: { kept: [1, 0, 1, 1, 1, 0] }
    },
    mend: {
      kind: 'reach',
      figure: 'layers',
      reached: (fact, { density }) => density <= 0.05 && fact('empty') === 0 && fact('distance') < 0.8,
      example: { score: 'snip', density: 0.05 }
    },
    equal: {
      kind: 'choice',
      options: {
        binary: 'because m² = m for 0 and 1',
        small: 'because weights are small',
        never: 'they are not equal'
      },
      answer: 'binary'
    }
  }
}
