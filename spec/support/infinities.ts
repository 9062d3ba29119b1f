import { expect, it } from 'vitest'
import { fromNested, type NdArray, of, toNested } from '../../lib/core/ndarray.js'
import { grad } from '../../lib/diff/index.js'
import { ops } from '../../lib/graph/ops/index.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import * as nn from '../../lib/nn/index.js'
import { functions } from './infinite-functions.js'
import { type EdgeCase, orders } from './infinite-orders.js'

const inf = Infinity
const total =
  (f: (x: Tensor, ...rest: readonly Tensor[]) => Tensor) =>
  (x: Tensor, ...rest: readonly Tensor[]): Tensor =>
    grad((a: Tensor) => ops.sum()(f(a, ...rest)))(x)
const loss =
  (of: nn.Loss) =>
  (z: Tensor, y: Tensor): Tensor =>
    of(y)(z)

/** Logits, and the probabilities that infinite ones leave. */
const shared: Omit<EdgeCase, 'f'> = {
  args: [
    [
      [-inf, -inf],
      [inf, 1],
      [-inf, 1]
    ]
  ],
  right: [
    [0.5, 0.5],
    [1, 0],
    [0, 1]
  ]
}

/** What every engine gives for infinities and NaN. */
const infinities: Readonly<Record<string, EdgeCase>> = {
  'cross-entropy, another class masked': {
    f: loss(nn.crossEntropyEach),
    args: [[[0, -inf, 0]], [0]],
    right: [Math.LN2]
  },
  'cross-entropy, the class itself masked': {
    f: loss(nn.crossEntropyEach),
    args: [[[-inf, 0]], [0]],
    right: [inf]
  },
  'its gradient, another class masked': {
    f: total(loss(nn.crossEntropyEach)),
    args: [[[0, -inf, 0]], [0]],
    right: [[-0.5, 0, 0.5]]
  },
  'its second derivative, another class masked': {
    f: (z, y) => total(total((x) => nn.crossEntropyEach(y!)(x)))(z!),
    args: [[[0, -inf, 0]], [0]],
    right: [[0, 0, 0]]
  },
  'gather beside −∞ and NaN': { f: loss((y) => ops.gather(y)), args: [[[1, -inf, NaN]], [0]], right: [1] },
  'KL, a class masked in p': { f: loss(nn.klEach), args: [[[0, 0]], [[0, -inf]]], right: [Math.LN2] },
  'KL, a class masked in both': { f: loss(nn.klEach), args: [[[0, -inf]], [[0, -inf]]], right: [0] },
  'KL, a class masked in q': { f: loss(nn.klEach), args: [[[0, -inf]], [[0, 0]]], right: [inf] },
  'the gradient of KL, a class masked in both': {
    f: total(loss(nn.klEach)),
    args: [[[0, -inf, 0]], [[0, -inf, 0]]],
    right: [[0, 0, 0]]
  },
  'margin, another class masked': { f: loss(nn.margin), args: [[[1, -inf, 0]], [0]], right: [1] },
  'margin, all other classes masked': { f: loss(nn.margin), args: [[[1, -inf]], [0]], right: [inf] },
  'the gradient of the margin, another class masked': {
    f: total(loss(nn.margin)),
    args: [[[1, -inf, 0]], [0]],
    right: [[1, 0, -1]]
  },
  'a number over a constant −0': {
    f: (x) => ops.div(ops.constant(of([1], [-0])))(x!),
    args: [[1]],
    right: [-inf]
  },
  'a number over −0 without its axes': {
    f: (x) => ops.div(ops.squeeze(0)(x!))(ops.ones([1])),
    args: [[[-0]]],
    right: [-inf]
  },
  'log-sum-exp': {
    f: ops.logSumExp(-1),
    args: [
      [
        [-inf, -inf],
        [inf, 1],
        [inf, -inf],
        [inf, inf],
        [NaN, 1]
      ]
    ],
    right: [-inf, inf, inf, inf, NaN],
    gpu: [-inf, inf, inf, inf, inf]
  },
  'the gradient of log-sum-exp': { f: total(ops.logSumExp(-1)), ...shared },
  softmax: { f: ops.softmax(-1), ...shared },
  'select of a logarithm': {
    f: (x) => ops.where(ops.greater(0)(x!))(ops.log(x!), 0),
    args: [[0, 1, -1]],
    right: [0, 0, 0]
  },
  'the gradient of a select, by what both branches use': {
    f: total((x) => ops.where(ops.greater(0)(x))(ops.log(x), 0)),
    args: [[2, -1]],
    right: [0.5, 0]
  },
  'the gradient of a select, the other branch infinite': {
    f: total((x, y) => ops.where(ops.greater(0)(x))(x, ops.log(y!))),
    args: [
      [1, -1],
      [0, 1]
    ],
    right: [1, 0]
  },
  'select of what is a number': {
    f: (x) => ops.where(ops.equal(x!)(x!))(x!, 0),
    args: [[NaN, 1]],
    right: [0, 1],
    gpu: [NaN, 1]
  },
  'the sum of what is selected': {
    f: (x, m) => ops.sum()(ops.where(ops.equal(1)(m!))(x!, 0)),
    args: [
      [1, NaN, 3],
      [1, 0, 1]
    ],
    right: 4
  },
  'the same, branches the other way': {
    f: (x, m) => ops.sum()(ops.where(ops.equal(0)(m!))(0, x!)),
    args: [
      [1, NaN, 3],
      [1, 0, 1]
    ],
    right: 4
  },
  'the gradient of √relu': {
    f: total((x) => ops.sqrt(ops.relu(x))),
    args: [[-1, 4]],
    right: [0, 0.25]
  },
  'the gradient of √max(x, 0)': {
    f: total((x) => ops.sqrt(ops.max(0)(x))),
    args: [[-1, 4]],
    right: [0, 0.25]
  },
  'the gradient of 1 / clip': {
    f: total((x) => ops.reciprocal(ops.clip(0, 2)(x))),
    args: [[-1, 1, 3]],
    right: [0, -1, 0]
  },
  'the gradient of √ of a largest': {
    f: total((x) => ops.sqrt(ops.reduceMax(1)(x))),
    args: [[[0, 4]]],
    right: [[0, 0.25]]
  },
  relu: { f: (x) => ops.relu(x!), args: [[NaN, inf, -inf]], right: [NaN, inf, 0], gpu: [0, inf, 0] },
  max: { f: (x) => ops.max(1)(x!), args: [[NaN, inf, -inf]], right: [NaN, inf, 1], gpu: [1, inf, 1] },
  min: { f: (x) => ops.min(1)(x!), args: [[NaN, inf, -inf]], right: [NaN, 1, -inf], gpu: [1, 1, -inf] },
  'the largest': {
    f: (x) => ops.reduceMax(1)(x!),
    args: [
      [
        [NaN, 1, 2],
        [1, NaN, 2],
        [1, 2, NaN],
        [inf, -inf, 0],
        [-inf, -inf, -inf]
      ]
    ],
    right: [NaN, NaN, NaN, inf, -inf],
    gpu: [2, 2, 2, inf, -inf]
  },
  'maxima of windows': {
    f: (x) => nn.maxPool(2).apply({})(x!),
    args: [
      [
        [
          [
            [1, NaN, 1, inf],
            [2, 3, -inf, 0]
          ]
        ]
      ]
    ],
    right: [[[NaN, inf]]],
    gpu: [[[3, inf]]]
  },
  'the two largest': {
    f: (x) => ops.topKMask(2)(x!),
    args: [
      [
        [NaN, 1, 3, 2],
        [NaN, NaN, NaN, 1],
        [inf, -inf, inf, inf],
        [-inf, -inf, -inf, 0]
      ]
    ],
    right: [
      [0, 0, 1, 1],
      [1, 0, 0, 1],
      [1, 0, 1, 0],
      [1, 0, 0, 1]
    ]
  },
  ...orders,
  ...functions,
  'a product with 0': {
    f: (x) => ops.mul(0)(x!),
    args: [[inf, NaN, 1]],
    right: [NaN, NaN, 0],
    gpu: [0, 0, 0]
  },
  '0 over x': { f: (x) => ops.div(x!)(ops.fill(0, [2])), args: [[0, 1]], right: [NaN, 0], gpu: [0, 0] },
  'a sum': {
    f: (x) => ops.sum(1)(x!),
    args: [
      [
        [inf, -inf],
        [inf, 1],
        [NaN, 1]
      ]
    ],
    right: [NaN, inf, NaN]
  },
  'comparisons with NaN': {
    f: (x) => ops.add(ops.lessEqual(1)(x!))(ops.add(ops.less(1)(x!))(ops.equal(1)(x!))),
    args: [[NaN]],
    right: [0]
  },
  'a power at 0, its exponent a tensor': {
    f: (a, b) => total((x) => ops.pow(b!)(x))(a!),
    args: [
      [0, 0, 0, 2],
      [0, 1, 2, 0]
    ],
    right: [0, 1, 0, 0]
  },
  'the same, by the exponent': {
    f: (a, b) => total((x) => ops.pow(x)(a!))(b!),
    args: [
      [0, 0, 0, 1],
      [0, 1, 2, 3]
    ],
    right: [0, 0, 0, 0]
  },
  'second derivatives of powers at 0': {
    f: (a, b) => total(total((x) => ops.pow(b!)(x)))(a!),
    args: [
      [0, 0, 0],
      [1, 2, 3]
    ],
    right: [0, 2, 0]
  }
}

const flat = (x: unknown): readonly number[] => (Array.isArray(x) ? x.flatMap(flat) : [x as number])

const equal = (a: number, b: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-6 * Math.abs(b)

/** Holds an engine to the table; on a GPU a row's other values are granted too. */
export const givesInfinities = (
  run: (f: EdgeCase['f'], args: readonly NdArray[]) => Promise<NdArray>,
  isGpu = false
): void => {
  it.each(Object.entries(infinities))('%s', async (_, { f, args, right, gpu }) => {
    const got = flat(
      toNested(
        await run(
          f,
          args.map((arg) => fromNested(arg as number[]))
        )
      )
    )
    if (isGpu && gpu === 'any') return
    const granted = isGpu && gpu !== undefined ? flat(gpu) : flat(right)
    flat(right).forEach((want, i) =>
      expect(
        equal(got[i]!, want) || equal(got[i]!, granted[i]!),
        `${got.join(' ')}, not ${flat(right).join(' ')}`
      ).toBe(true)
    )
  })
}
