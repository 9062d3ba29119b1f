import { choice, range, seed, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

const controls = {
  density: range('density', [0.05, 0.1, 0.2, 0.3, 0.5], 0.1),
  steps: range('steps of the search', [10, 20, 40, 80, 160, 300], 40),
  c: range('weight c of the outputs', [0, 0.1, 0.3, 1, 3], 0),
  seed: seed(),
  epochs: range('epochs', [1, 2, 4, 8, 16], 2),
  engine: choice('run on', { webasm: 'gpu.js, WebAssembly', onnx: 'ONNX Runtime, WebAssembly' }, 'webasm')
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    search: {
      title: 'The search: a mask comes nearer to the dense kernel',
      controls: ['density', 'steps', 'c', 'seed'],
      reads: ['engine'],
      where: 'worker'
    },
    training: {
      title: 'Six networks, trained against attacks',
      controls: ['epochs', 'engine'],
      reads: ['density', 'steps', 'c', 'seed'],
      where: 'worker'
    }
  },
  predictions: {
    falls: {
      options: {
        little: 'by a few per cent: the score was good already',
        third: 'by a third or more',
        zero: 'to zero, as ever more steps are taken'
      },
      answer: 'third'
    },
    nearest: {
      options: {
        ticket: 'the ticket, whose kernel was made to be near',
        order: 'the same dense network with its batches in another order',
        same: 'both equally'
      },
      answer: 'order'
    }
  },
  exercises: {
    share: { kind: 'number', answer: 474, within: 2, wrong: 4736 },
    both: {
      kind: 'reach',
      figure: 'search',
      reached: (fact) => fact('fall') > 0.3 && fact('outputAfter') < fact('outputBefore'),
      example: { c: 1 }
    },
    claim: {
      kind: 'choice',
      options: {
        control: 'train the same network on batches in another order, and report how far that is',
        decimals: 'report the distance with more digits',
        density: 'search at a lower density'
      },
      answer: 'control'
    }
  }
}
