import { it } from 'vitest'
import { grad } from '../../../lib/diff/index.js'
import { ops } from '../../../lib/graph/ops/index.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import * as nn from '../../../lib/nn/index.js'

type Shape = readonly number[]
type Functions = (...args: readonly Tensor[]) => readonly Tensor[]

/** Functions of one family of kernels, and the shapes of their arguments where one size is n. */
interface Family {
  readonly of: Functions
  readonly shapes: (n: number) => readonly (readonly Shape[])[]
}

/** Sizes at the edges of lanes, of vectors of four, of unrolled and of chunked loops. */
const sizes = [1, 3, 4, 5, 31, 33, 1025] as const

const labels = ops.floor
const conv = (stride: number) => (x: Tensor, w: Tensor) =>
  nn.conv2d(w.shape[0]!, [w.shape[2]!, w.shape[3]!], { stride, bias: false }).apply({ w })(x)
const slopes = (f: (x: Tensor, w: Tensor) => Tensor, x: Tensor, w: Tensor): readonly Tensor[] => [
  grad((at: Tensor) => ops.sum()(ops.square(f(at, w))))(x),
  grad((at: Tensor) => ops.sum()(ops.square(f(x, at))))(w)
]
const pools = (x: Tensor, size: readonly [number, number], stride: number): readonly Tensor[] => [
  nn.maxPool(size, { stride }).apply({})(x),
  nn.avgPool(size, { stride }).apply({})(x),
  nn.maxPool(size).apply({})(x)
]

const families: Readonly<Record<string, Family>> = {
  'pointwise chains with broadcasting': {
    of: (x, y, b) => [ops.relu(ops.sub(b!)(ops.tanh(ops.mul(y!)(x!)))), ops.exp(ops.add(b!)(x!))],
    shapes: (n) => [
      [[n], [n], []],
      [[n, 3], [n, 3], [3]],
      [
        [3, n],
        [1, n],
        [3, 1]
      ],
      [
        [2, n, 3],
        [n, 1],
        [2, 1, 3]
      ]
    ]
  },
  'choices and patterns': {
    of: (x, y) => [
      ops.where(ops.less(y!)(x!))(ops.neg(x!), y!),
      ops.oneHot(5)(labels(x!)),
      ops.add(ops.iota(x!.shape, 0))(x!),
      ops.pad([2], [1])(ops.max(y!)(x!))
    ],
    shapes: (n) => [[[n], [n]]]
  },
  'entries picked by labels': {
    of: (x, y) => [ops.gather(labels(y!))(x!)],
    shapes: (n) => [
      [[n, 4], [n]],
      [[3, n], [3]]
    ]
  },
  moves: {
    of: (x) => [
      ops.transpose()(x!),
      ops.reshape([x!.shape[1]!, x!.shape[0]!])(x!),
      ops.pad([1, 0], [0, 2], { interior: [0, 1] })(x!),
      ops.concat(1)([x!, ops.neg(x!)]),
      ops.slice([0, 0], x!.shape, [2, 2])(x!)
    ],
    shapes: (n) => [[[n, 3]], [[3, n]]]
  },
  'matrices and vectors': {
    of: (a, x, y) => [
      ops.einsum('mk,k->m')(a!, x!),
      ops.einsum('mk,m->k')(a!, y!),
      ops.einsum('m,k->mk')(y!, x!),
      ops.einsum('mk,m,k->')(a!, y!, x!),
      ops.einsum('mk,k->mk')(a!, x!)
    ],
    shapes: (n) => [
      [[n, 5], [5], [n]],
      [[4, n], [n], [4]]
    ]
  },
  'products of matrices with what follows': {
    of: (x, w, b) => {
      const product = ops.matmul(w!)(x!)
      return [
        ops.relu(ops.add(b!)(product)),
        ops.mul(ops.less(product)(ops.fill(0, [])))(ops.matmul(ops.tanh(w!))(x!)),
        ops.sub(ops.scale(0.1)(ops.einsum('nk,nm->km')(x!, product)))(w!)
      ]
    },
    shapes: (n) => [
      [[n, 3], [3, 4], [4]],
      [[3, n], [n, 4], [4]],
      [[3, 4], [4, n], [n]]
    ]
  },
  'convolutions, and the slopes of images and weights': {
    of: (x, w) => [conv(1)(x!, w!), conv(2)(x!, w!), ...slopes(conv(1), x!, w!), ...slopes(conv(2), x!, w!)],
    shapes: (n) => [
      [
        [2, 2, 3, n],
        [3, 2, 2, Math.min(n, 3)]
      ],
      [
        [1, n, 2, 3],
        [2, n, 1, 2]
      ],
      [
        [1, 2, 3, 2],
        [n, 2, 2, 2]
      ],
      [
        [n, 1, 3, 3],
        [1, 1, 3, 2]
      ]
    ]
  },
  'pooling, and its slopes': {
    of: (x) => {
      const size = [2, Math.min(2, x!.shape[3]!)] as const
      return [
        ...pools(x!, size, 1),
        ...pools(x!, size, 2),
        grad((at: Tensor) =>
          pools(at, size, 1)
            .map(ops.square)
            .map(ops.sum())
            .reduce((a, b) => ops.add(b)(a))
        )(x!)
      ]
    },
    shapes: (n) => [[[1, 2, 3, n]], [[1, n, 2, 2]], [[n, 1, 2, 3]]]
  }
}

/** Every family of kernels at sizes that fill nothing evenly, beside what `suite.ts` has of products, reductions and top-k. */
export const fitsSizes = (agrees: (f: Functions, ...shapes: readonly Shape[]) => Promise<void>): void => {
  it.each(Object.entries(families))('%s', async (_, { of, shapes }) => {
    for (const n of sizes) for (const given of shapes(n)) await agrees(of, ...given)
  })
}
