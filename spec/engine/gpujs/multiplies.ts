import { it } from 'vitest'
import { ops } from '../../../lib/graph/ops/index.js'
import type { Tensor } from '../../../lib/graph/tensor.js'

type Shape = readonly number[]

/** Sizes at the edges of layouts. */
export const edges = [1, 3, 4, 5, 31, 33] as const

/** Products of matrices in every order of their axes, small and large. */
export const multiplies = (
  agrees: (f: (...args: Tensor[]) => unknown, ...shapes: readonly Shape[]) => Promise<void>
): void => {
  const layouts: readonly (readonly [
    string,
    (a: Tensor, b: Tensor) => Tensor,
    (m: number, n: number, k: number) => Shape[]
  ])[] = [
    [
      'NN',
      (a, b) => ops.einsum('mk,kn->mn')(a, b),
      (m, n, k) => [
        [m, k],
        [k, n]
      ]
    ],
    [
      'NT',
      (a, b) => ops.einsum('mk,nk->mn')(a, b),
      (m, n, k) => [
        [m, k],
        [n, k]
      ]
    ],
    [
      'TN',
      (a, b) => ops.einsum('km,kn->mn')(a, b),
      (m, n, k) => [
        [k, m],
        [k, n]
      ]
    ],
    [
      'TT',
      (a, b) => ops.einsum('km,nk->mn')(a, b),
      (m, n, k) => [
        [k, m],
        [n, k]
      ]
    ],
    [
      'transposed',
      (a, b) => ops.einsum('mk,kn->nm')(a, b),
      (m, n, k) => [
        [m, k],
        [k, n]
      ]
    ],
    [
      'batched',
      (a, b) => ops.einsum('bmk,bkn->bmn')(a, b),
      (m, n, k) => [
        [3, m, k],
        [3, k, n]
      ]
    ],
    [
      'interleaved',
      (a, b) => ops.einsum('mbk,knb->mbn')(a, b),
      (m, n, k) => [
        [m, 4, k],
        [k, n, 4]
      ]
    ],
    [
      'over two axes',
      (a, b) => ops.einsum('mjk,kjn->mn')(a, b),
      (m, n, k) => [
        [m, 3, k],
        [k, 3, n]
      ]
    ]
  ]
  const sizes = [...edges.map((n) => [n, n, n] as const), [64, 10, 128], [1, 1025, 4], [36, 1, 1025]] as const
  it.each(layouts)('%s', async (_, f, shapes) => {
    for (const [m, n, k] of sizes) await agrees((a, b) => f(a!, b!), ...shapes(m, n, k))
  })

  // large enough for copies of the operands, one a lane, and for panels
  it.each(layouts)('%s, large', async (_, f, shapes) => {
    await agrees((a, b) => ops.relu(f(a!, b!)), ...shapes(64, 68, 256))
    await agrees((a, b) => ops.add(1)(f(a!, b!)), ...shapes(132, 7, 260))
  })
}
