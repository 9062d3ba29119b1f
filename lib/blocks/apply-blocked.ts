import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../core/entry.js'
import { fail, type TangentError } from '../core/error.js'
import { type NdArray, of } from '../core/ndarray.js'
import { showShape } from '../core/shape.js'
import { loop } from '../graph/runner.js'
import { attempt } from '../graph/trace.js'
import type { Tile } from '../ntk/empirical/tile-plan.js'
import { requireFiniteElements } from '../ntk/spectrum/gram.js'
import {
  addProduct,
  addTransposed,
  type Grouped,
  grouped,
  groupedZeros,
  rowsFrom,
  ungrouped
} from './block-product.js'
import { type BlockedKernel, readBlock, readCheckedBlock, tilesIn } from './kernel-files.js'

/** Shows every block that is written, one at a time; `compares` if their sums are compared. */
export const visitBlocks = (
  kernel: BlockedKernel,
  compares: boolean,
  visit: (tile: Tile, block: Float32Array) => void
): TE.TaskEither<TangentError, void> => {
  const tiles = tilesIn(kernel)
  const read = compares ? readCheckedBlock : readBlock
  return loop(tiles.length, (i, _: undefined) =>
    pipe(
      read(kernel, tiles[i]!),
      TE.map((block) => visit(tiles[i]!, block)),
      TE.map(() => undefined)
    )
  )(undefined)
}

/** K X of a grouped X [columns, …] in float64; a block beyond the diagonal of a symmetric kernel is taken twice. */
export const applyGrouped = (
  kernel: BlockedKernel,
  x: Grouped,
  compares: boolean
): TE.TaskEither<TangentError, Grouped> => {
  const y = x.map(() => groupedZeros(kernel.shape[0], 1)[0]!)
  return pipe(
    visitBlocks(kernel, compares, ({ row, rows, column, columns }, block) =>
      x.forEach((group, g) => {
        addProduct(block, rows, columns, rowsFrom(group, column), rowsFrom(y[g]!, row))
        if (kernel.isSymmetric && row !== column)
          addTransposed(block, rows, columns, rowsFrom(group, row), rowsFrom(y[g]!, column))
      })
    ),
    TE.map(() => y)
  )
}

/** The number of outputs of a matrix [n, outputs] or [n]; another shape is a ShapeError, a NaN or infinity a DataError. */
export const outputsOf = (operation: string, where: string, { shape, data }: NdArray, n: number): number => {
  if (shape[0] !== n || shape.length > 2)
    fail('ShapeError', operation, `[${n}, outputs] or [${n}]`, showShape(shape), where)
  requireFiniteElements(operation, data, where)
  return shape[1] ?? 1
}

/**
 * The product of a kernel in blocks and a matrix, K x: x [columns, outputs], or [columns], gives [rows, outputs], or [rows], in
 * float64. With the cross kernel of test and training examples and the `dual` of {@link solve} it is the prediction. Memory is that
 * of one block, x and the result; every block's CRC-32 is compared.
 *
 * Errors: an x of another length (ShapeError) or not finite (DataError), a block that is missing (IoError) or damaged
 * (DataError).
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { type checkpoint, ndarray, ops, type Tensor, withEngine } from 'tangentflow'
 * import { applyBlocked, blocked } from 'tangentflow/blocks'
 *
 * const files = new Map<string, Uint8Array>()
 * const stores: checkpoint.Stores = (name) => ({
 *   read: TE.fromIO(() => files.get(name)),
 *   write: (bytes) => TE.fromIO(() => void files.set(name, bytes))
 * })
 * // Θ(x, x′) = x x′
 * const kernel = (_: readonly [], a: Tensor, b: Tensor): Tensor => ops.matmul(ops.transpose()(b))(a)
 * const x = ndarray.fromNested([[1], [2], [3]])
 * const product = await withEngine({ require: 'reference' })((engine) =>
 *   pipe(
 *     blocked(kernel, { stores, tile: 1 })([], x)(engine),
 *     TE.flatMap((written) => applyBlocked(written)(ndarray.fromNested([1, 0, 1])))
 *   )
 * )()
 * assert.ok(E.isRight(product))
 * assert.deepEqual(ndarray.toNested(product.right), [4, 8, 12])
 */
export const applyBlocked = entry(
  'blocks.applyBlocked',
  'TaskEither',
  2,
  (kernel: BlockedKernel) =>
    (x: NdArray): TE.TaskEither<TangentError, NdArray> => {
      const [rows, columns] = kernel.shape
      return pipe(
        TE.fromEither(attempt(() => outputsOf('blocks.applyBlocked', 'x', x, columns))),
        TE.flatMap((outputs) =>
          pipe(
            applyGrouped(kernel, grouped(x.data, columns, outputs), true),
            TE.map((y) => of([rows, ...x.shape.slice(1)], ungrouped(y, rows, outputs)))
          )
        )
      )
    }
)
