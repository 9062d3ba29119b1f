import { ops } from '../../lib/graph/ops/index.js'
import type { Tensor } from '../../lib/graph/tensor.js'

export type Nested = number | readonly Nested[]

/** What a function gives for infinities and NaN. */
export interface EdgeCase {
  readonly f: (...xs: readonly Tensor[]) => Tensor
  readonly args: readonly Nested[]
  readonly right: Nested
  /** What SwiftShader and Mesa give, whose compilers may ignore NaN and infinities. */
  readonly gpu?: Nested | 'any'
}

const inf = Infinity

/** What orders and pads elements, with infinities and NaN among them. */
export const orders: Readonly<Record<string, EdgeCase>> = {
  'the place of the largest': {
    f: ops.argMax(-1),
    args: [
      [
        [inf, 1, NaN],
        [1, -inf, inf],
        [-inf, -inf, -inf],
        [NaN, NaN, 1]
      ]
    ],
    right: [2, 2, 0, 0]
  },
  'the place of the smallest': {
    f: ops.argMin(-1),
    args: [
      [
        [-inf, 1, NaN],
        [1, -inf, inf],
        [inf, inf, inf]
      ]
    ],
    right: [2, 1, 0]
  },
  'running sums': {
    f: ops.cumsum(),
    args: [
      [
        [1, inf, 2, -inf, 3],
        [1, 2, NaN, 3, 4]
      ]
    ],
    right: [
      [1, inf, inf, NaN, NaN],
      [1, 3, NaN, NaN, NaN]
    ]
  },
  'sorted places': {
    f: ops.argSort(),
    args: [
      [
        [NaN, inf, 1, -inf],
        [2, NaN, NaN, 2]
      ]
    ],
    right: [
      [3, 2, 1, 0],
      [0, 3, 1, 2]
    ]
  },
  'sorted values': {
    f: ops.sort(),
    args: [[inf, 1, -inf, -1]],
    right: [-inf, -1, 1, inf]
  },
  'places of the two largest': {
    f: (x) => ops.topK(2)(x!).indices,
    args: [
      [
        [inf, NaN, 1, NaN],
        [-inf, -inf, -inf, 0]
      ]
    ],
    right: [
      [1, 3],
      [3, 0]
    ]
  },
  'padding of infinities': {
    f: (x) => ops.pad([1], [1], { value: -inf })(x!),
    args: [[inf, 0]],
    right: [-inf, inf, 0, -inf]
  }
}
