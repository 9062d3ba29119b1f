import { range, type StateOf } from '../frame/controls.js'
import type { Lesson } from '../frame/lesson.js'

/** The sizes that can be chosen. */
export const SIZES = { inputs: [2, 4, 6, 8], outputs: [1, 2, 4, 8, 16], width: [16, 32, 64, 128] } as const

const controls = {
  inputs: range('inputs N', SIZES.inputs, 4),
  outputs: range('outputs O', SIZES.outputs, 4),
  width: range('width W', SIZES.width, 32)
} as const

export type State = StateOf<typeof controls>

const sizes = ['inputs', 'outputs', 'width'] as const

export const lesson: Lesson<typeof controls> = {
  controls,
  figures: {
    orders: { title: 'One layer: the same sum in two orders', controls: sizes, where: 'worker' },
    methods: {
      title: 'A whole network: three methods, predicted and measured',
      controls: sizes,
      where: 'worker'
    }
  },
  predictions: {
    cheaper: {
      options: {
        half: 'about half of them',
        fifth: 'about a fifth',
        thirtieth: 'about a thirtieth'
      },
      answer: 'thirtieth'
    },
    doubled: {
      options: { two: 'twice as long', four: 'almost four times as long', eight: 'eight times as long' },
      answer: 'four'
    }
  },
  exercises: {
    path: { kind: 'number', answer: 16_064, within: 0.5, wrong: 1_280_000 },
    columns: {
      kind: 'reach',
      figure: 'methods',
      reached: (fact) => fact('vectorProduct') < fact('contracted'),
      example: { outputs: 16, width: 16 }
    },
    convolution: {
      kind: 'choice',
      options: {
        pixels: 'products over all pairs of pixels, since Jacobians are never formed',
        jacobian: 'the Jacobian of the few weights first, then its product',
        same: 'both cost the same'
      },
      answer: 'jacobian'
    }
  }
}
