import { it } from 'vitest'
import { ops } from '../../../lib/graph/ops/index.js'
import type { Tensor } from '../../../lib/graph/tensor.js'

type Shape = readonly number[]

/** Sizes at the edges of layouts. */
export const edges = [1, 3, 4, 5, 31, 33] as const

/** A product of every layout by name. */
const layouts = {
  NN: 'mk,kn->mn',
  NT: 'mk,nk->mn',
  TN: 'km,kn->mn',
  TT: 'km,nk->mn',
  transposed: 'mk,kn->nm',
  batched: 'bmk,bkn->bmn',
  interleaved: 'mgk,kng->mgn',
  'over two axes': 'mjk,kjn->mn'
} as const

/** The shapes of the operands of a product. */
const shapesOf = (equation: string, m: number, n: number, k: number): readonly Shape[] => {
  const sizes: Readonly<Record<string, number>> = { m, n, k, b: 3, g: 4, j: 3 }
  const [operands] = equation.split('->')
  return operands!.split(',').map((indices) => [...indices].map((index) => sizes[index]!))
}

/** Products of matrices in every order of their axes, small and large. */
export const multiplies = (
  agrees: (f: (...args: Tensor[]) => unknown, ...shapes: readonly Shape[]) => Promise<void>
): void => {
  const sizes = [...edges.map((n) => [n, n, n] as const), [64, 10, 128], [1, 1025, 4], [36, 1, 1025]] as const
  it.each(Object.entries(layouts))('%s', async (_, equation) => {
    for (const [m, n, k] of sizes) await agrees(ops.einsum(equation), ...shapesOf(equation, m, n, k))
  })

  // large enough for copies of the operands, one a lane, and for panels
  it.each(Object.entries(layouts))('%s, large', async (_, equation) => {
    const f = ops.einsum(equation)
    await agrees((...args) => ops.relu(f(...args)), ...shapesOf(equation, 64, 68, 256))
    await agrees((...args) => ops.add(1)(f(...args)), ...shapesOf(equation, 132, 7, 260))
  })
}
