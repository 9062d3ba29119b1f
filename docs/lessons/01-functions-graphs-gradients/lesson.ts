import { range, type StateOf, textLine } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

const coordinates = { min: -3, max: 3, step: 0.25 }

const controls = {
  f: textLine('f(x) =', {
    'Σ x sin x': 'ops.sum()(ops.mul(ops.sin(x))(x))',
    'log Σ exp x': 'ops.logSumExp()(x)',
    'exp(−x · x)': 'ops.exp(ops.neg(ops.dot(x)(x)))',
    'Σ relu(x − 1)²': 'ops.sum()(ops.square(ops.relu(ops.sub(1)(x))))'
  }),
  x1: range('x₁', coordinates, 1),
  x2: range('x₂', coordinates, 2)
} as const

export type State = StateOf<typeof controls>

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    forward: {
      title: 'A function, and its linearisation',
      controls: ['f', 'x1', 'x2'],
      where: 'page'
    },
    reverse: {
      title: 'The linearisation, transposed',
      controls: ['f', 'x1', 'x2'],
      where: 'page'
    },
    differences: {
      title: 'The derivative against finite differences',
      controls: ['f', 'x1', 'x2'],
      where: 'worker'
    }
  },
  predictions: {
    nodes: {
      options: {
        three: 'three, one for each operation of f',
        five: 'five',
        none: 'none: derivatives are numbers'
      },
      answer: 'five'
    },
    passes: {
      options: {
        forward: 'n runs of ẋ ↦ J ẋ, or 1 run of ȳ ↦ Jᵀ ȳ',
        reverse: '1 run of ẋ ↦ J ẋ, or n runs of ȳ ↦ Jᵀ ȳ',
        same: '1 run of either'
      },
      answer: 'forward'
    },
    smaller: {
      options: {
        falls: 'it falls all the way',
        turns: 'it falls, and then rises again',
        stays: 'it stays about the same'
      },
      answer: 'turns'
    }
  },
  exercises: {
    slope: { kind: 'number', answer: -(Math.PI ** 2), within: 0.01, wrong: 2 * Math.PI },
    sum: {
      kind: 'choice',
      options: {
        sum: 'the sum over n entries again',
        copy: 'the copy of one number to n entries',
        mean: 'the mean of n entries'
      },
      answer: 'copy'
    },
    softmax: {
      kind: 'reach',
      figure: 'reverse',
      reached: (fact, { f }) =>
        f.includes('logSumExp') &&
        Math.abs(fact('gradient1') - 0.5) < 1e-9 &&
        Math.abs(fact('gradient2') - 0.5) < 1e-9,
      example: { f: 'ops.logSumExp()(x)', x1: 1, x2: 1 }
    },
    step: { kind: 'number', answer: -8, within: 0.6, wrong: -16 }
  }
}
