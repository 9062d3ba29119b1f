import { choice, range, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

const controls = {
  f: choice(
    'function',
    { chain: 'exp(−x²) · y + 1', layer: 'relu(x y + ½)', softmax: 'softmax(x + y)', distance: 'Σ (x − y)²' },
    'chain'
  ),
  backend: choice('backend', { webasm: 'WebAssembly', cpu: 'JavaScript' }, 'webasm'),
  engine: choice(
    'run on',
    { rounded: 'float32, simulated', webasm: 'WebAssembly', cpu: 'JavaScript' },
    'rounded'
  ),
  size: range('size n', [16, 64, 128, 256], 64)
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    kernels: {
      title: 'The kernels of a function',
      controls: ['f', 'backend', 'size'],
      where: 'worker'
    },
    run: {
      title: 'A run, and what float32 costs',
      controls: ['f', 'engine', 'size'],
      where: 'worker'
    }
  },
  predictions: {
    loops: {
      options: { one: 'one', five: 'one for each operation', two: 'two: one for exp, one for the rest' },
      answer: 'one'
    },
    digits: {
      options: { three: 'about 3', seven: 'about 7', sixteen: 'about 16' },
      answer: 'seven'
    }
  },
  exercises: {
    softmax: {
      kind: 'reach',
      figure: 'kernels',
      reached: (fact) => fact('calls') > 1,
      example: { f: 'softmax' }
    },
    moved: { kind: 'number', answer: 11, within: 0.1, wrong: 3 },
    half: {
      kind: 'choice',
      options: { grows: 'it is the next float32 after 2²⁴', lost: 'it is 2²⁴ again' },
      answer: 'lost'
    }
  }
}
