import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../../core/entry.js'
import type { TangentError } from '../../core/error.js'
import { elementsOf, type NdArray, of } from '../../core/ndarray.js'
import { sizeOf } from '../../core/shape.js'
import { evaluateOn } from '../../graph/evaluate.js'
import { type Effect, loop, type Program, type Runner } from '../../graph/runner.js'
import { ops } from '../../graph/ops/index.js'
import type { Concrete } from '../../graph/spec.js'
import type { Tensor } from '../../graph/tensor.js'
import { attempt } from '../../graph/trace.js'
import type { Model } from '../../nn/model.js'
import type { MaskTree } from './kernel-problem.js'
import {
  type BlockArguments,
  paddedRows,
  planTiles,
  type Tile,
  tileKinds,
  type TileOptions,
  type TilePlan
} from './tile-plan.js'
import { ofModel } from '../../nn/require.js'

/** Which kernel is computed, in which blocks, and what is called along the way. */
export interface TiledOptions extends TileOptions {
  /** Called after every block. */
  readonly observe?: (event: TileEvent) => IO<void>
}

const kinds: OptionKinds<TiledOptions> = { ...tileKinds, observe: option.function }

/** How many blocks are done, of all that are computed. */
export interface TileEvent {
  /** Blocks that are computed. */
  readonly done: number
  /** Blocks in all. */
  readonly blocks: number
}

/** A block of a kernel: its first row and column, and its elements, [rows, columns, …]. */
export interface KernelBlock {
  /** The first row of the block in the kernel. */
  readonly row: number
  /** The first column of the block in the kernel. */
  readonly column: number
  /** The block. */
  readonly value: NdArray
}

/** The result of a traced function that moves elements, in the type of the block. */
const moved = (f: (block: Tensor) => Tensor, block: NdArray): NdArray => {
  const { shape, data } = evaluateOn(f)(block)
  return of(shape, elementsOf(block).from(data))
}

/** A block without its padding. */
const cropped = ({ row, rows, column, columns }: Tile, block: NdArray): KernelBlock => {
  const crop = (k: Tensor): Tensor => ops.sliceAxis(1, 0, columns)(ops.sliceAxis(0, 0, rows)(k))
  const isWhole = block.shape[0] === rows && block.shape[1] === columns
  return { row, column, value: isWhole ? block : moved(crop, block) }
}

/** The block on the other side of the diagonal of a symmetric kernel: Θ(Y, X)[m, n, p, o] = Θ(X, Y)[n, m, o, p]. */
const mirrored = ({ row, column, value }: KernelBlock): KernelBlock => {
  const inner = value.shape.length === 4 ? [3, 2] : value.shape.map((_, axis) => axis).slice(2)
  return { row: column, column: row, value: moved(ops.transpose([1, 0, ...inner]), value) }
}

/** Writes a block into the whole kernel, whose rows are `width` examples long. */
const place = (whole: NdArray['data'], width: number, { row, column, value }: KernelBlock): void => {
  const [rows, columns, ...inner] = value.shape as readonly [number, number, ...number[]]
  const size = sizeOf(inner)
  for (let i = 0; i < rows; i++)
    whole.set(
      value.data.subarray(i * columns * size, (i + 1) * columns * size),
      ((row + i) * width + column) * size
    )
}

type Compiled<P> = { readonly plan: TilePlan<P>; readonly program: Program<BlockArguments<P>, Tensor> }

/** Computes block after block and passes each to `visit`, mirror images included. */
const stream =
  <P>(
    { plan: { x1, x2, isSymmetric, lengths, tiles, args }, program }: Compiled<P>,
    observe: TiledOptions['observe']
  ) =>
  (visit: (block: KernelBlock) => TE.TaskEither<TangentError, void>): TE.TaskEither<TangentError, void> =>
    loop(tiles.length, (i, _: undefined) => {
      const tile = tiles[i]!
      const left = paddedRows(x1, tile.row, lengths[0])
      const right = paddedRows(x2, tile.column, lengths[1])
      return pipe(
        program(...args(left, right)),
        TE.map(({ value }) => cropped(tile, value)),
        TE.tap(visit),
        TE.flatMap((block) =>
          isSymmetric && tile.row !== tile.column ? visit(mirrored(block)) : TE.right(undefined)
        ),
        TE.map(() => observe?.({ done: i + 1, blocks: tiles.length })()),
        TE.map(() => undefined)
      )
    })(undefined)

const prepare =
  <P>(model: Model<P>, options: TiledOptions, isWhole: boolean) =>
  (params: Concrete<P>, x1: NdArray, x2: NdArray | undefined, mask: Concrete<MaskTree>) =>
  (runner: Runner): TE.TaskEither<TangentError, Compiled<P>> =>
    pipe(
      TE.fromEither(
        attempt(() => {
          checkOptions(isWhole ? 'ntk.tiled' : 'ntk.forEachBlock', kinds, options)
          const { observe: _, ...tiles } = options
          return planTiles(model, tiles, isWhole)(params, x1, x2, mask)
        })
      ),
      TE.bindTo('plan'),
      TE.bind('program', ({ plan }) => runner.compile(plan.kernel, plan.specs))
    )

/**
 * Streams a kernel of concrete examples block by block. `visit` gets every block once; memory is that of one block's
 * program. Without `x2` only the blocks on and above the diagonal are computed, each followed by its
 * mirror image. One program computes all blocks: a smaller last one is padded with its last example, and the padding is
 * dropped.
 *
 * Zero examples, examples of two shapes, a parameter that is not finite, a model that does not give [n, outputs] and a
 * program larger than `maxBytes` (the error names a tile that fits) are Lefts before anything is compiled or run.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { key, ndarray, nn, ntk, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(1, { bias: false }))
 * const x = ndarray.fromNested([[1], [2], [3]])
 * const seen: number[] = []
 * const done = await withEngine({ require: 'reference' })(
 *   ntk.forEachBlock(net.apply, { outputs: 'mean', tile: 1 })(({ row, column, value }) =>
 *     TE.fromIO(() => void (seen[3 * row + column] = value.data[0]!))
 *   )(net.init(key(0), [1]), x)
 * )()
 * assert.ok(E.isRight(done))
 * assert.deepEqual(seen, [1, 2, 3, 2, 4, 6, 3, 6, 9])
 */
export const forEachBlock = entry(
  'ntk.forEachBlock',
  'Effect',
  3,
  <P>(model: Model<P>, options: TiledOptions = {}) =>
    (visit: (block: KernelBlock) => TE.TaskEither<TangentError, void>) =>
    (params: Concrete<P>, x1: NdArray, x2?: NdArray, mask?: Concrete<MaskTree>): Effect<void> =>
    (runner) =>
      pipe(
        prepare(model, options, false)(params, x1, x2, mask)(runner),
        TE.flatMap((compiled) => stream(compiled, options.observe)(visit))
      ),
  [ofModel]
)

/**
 * The kernel of concrete examples as one array, computed block by block as {@link forEachBlock} does. `maxBytes`
 * counts the whole kernel too.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { key, ndarray, nn, ntk, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(1, { bias: false }))
 * const x = ndarray.fromNested([[1], [2], [3]])
 * const kernel = await withEngine({ require: 'reference' })(
 *   ntk.tiled(net.apply, { outputs: 'mean', tile: 2 })(net.init(key(0), [1]), x)
 * )()
 * assert.ok(E.isRight(kernel))
 * assert.deepEqual(ndarray.toNested(kernel.right), [[1, 2, 3], [2, 4, 6], [3, 6, 9]])
 */
export const tiled = entry(
  'ntk.tiled',
  'Effect',
  2,
  <P>(model: Model<P>, options: TiledOptions = {}) =>
    (params: Concrete<P>, x1: NdArray, x2?: NdArray, mask?: Concrete<MaskTree>): Effect<NdArray> =>
    (runner) =>
      pipe(
        prepare(model, options, true)(params, x1, x2, mask)(runner),
        TE.flatMap((compiled) => {
          const { shape } = compiled.plan
          // of the type of the engine's blocks
          let whole: NdArray['data'] | undefined
          return pipe(
            stream(
              compiled,
              options.observe
            )((block) =>
              TE.fromIO(() => {
                whole ??= new (elementsOf(block.value))(sizeOf(shape))
                place(whole, shape[1]!, block)
              })
            ),
            TE.map(() => of(shape, whole ?? []))
          )
        })
      ),
  [ofModel]
)
