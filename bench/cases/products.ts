import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { evaluate, fold, key, type NdArray, ndarray, normals, ops, type Tensor } from '../../lib/index.js'
import { engineCandidates, type EngineWork } from './engines.js'
import type { Case, Outcome } from '../harness/candidate.js'
import { torchProducts } from '../peers/torch.js'

// Large products alone: what steps could reach at most on the same library. ReLU keeps the products from being merged, and only the sum
// of every row comes back, so that moving is a small part.

const PRODUCTS = 4
/** Every row of the result depends on one row of the first factor: the reference computes some rows only. */
const CHECKED = 8

type Arguments = [x: Tensor, w: Tensor]

const chain = (...[x, w]: Arguments): Tensor =>
  ops.sum(1)(Array.from({ length: PRODUCTS }).reduce<Tensor>((y) => ops.relu(ops.matmul(w)(y)), x))

/** The rows that are checked: the first, the last and some between. */
const checkedRows = (width: number): readonly number[] =>
  Array.from({ length: CHECKED }, (_, i) => Math.floor((i * (width - 1)) / (CHECKED - 1)))

const square = (seed: number, width: number, sigma: number): NdArray =>
  ndarray.of(
    [width, width],
    normals(fold(seed)(key(5)), width * width).map((z) => sigma * z)
  )

// ReLU halves the second moment: weights of variance 2 / width keep its size
const argumentsOf = (width: number): readonly [x: NdArray, w: NdArray] => [
  square(0, width, 1),
  square(1, width, Math.sqrt(2 / width))
]

const outcomeOf =
  (width: number) =>
  ({ data }: NdArray): Outcome => ({
    sums: ndarray.of(
      [CHECKED],
      checkedRows(width).map((row) => data[row]!)
    )
  })

const workOf = (width: number): EngineWork<Arguments, Tensor> => ({
  f: chain,
  args: [...argumentsOf(width)],
  outcome: outcomeOf(width)
})

/** Four products of matrices of a width, one after the other. */
export const productsCase = (width: number): Case => ({
  name: `products ${width}`,
  title: `${PRODUCTS} products of ${width} × ${width} matrices with ReLU between them, sums of rows back`,
  work: { flops: PRODUCTS * 2 * width ** 3, bytes: 4 * (2 * width ** 2 + width) },
  reference: async () => {
    const [x, w] = argumentsOf(width)
    const rows = checkedRows(width).flatMap((row) => [...x.data.slice(row * width, (row + 1) * width)])
    return pipe(
      evaluate(chain)(ndarray.of([CHECKED, width], rows), w),
      E.map((sums): Outcome => ({ sums }))
    )
  },
  tolerance: 1e-5,
  candidates: (threads) =>
    threads.flatMap((count) => [
      ...engineCandidates(workOf(width))(count),
      torchProducts({ products: PRODUCTS }, argumentsOf(width), outcomeOf(width))(count)
    ]),
  comparisons: []
})
