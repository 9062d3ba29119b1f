import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import { sizeOf } from '../../core/shape.js'
import { loop } from '../../graph/loop.js'
import type { Program, Runner } from '../../graph/runner.js'
import type { Concrete } from '../../graph/spec.js'
import type { Tensor } from '../../graph/tensor.js'
import { attempt } from '../../graph/trace.js'
import type { Model } from '../../nn/batch.js'
import { cropped, type KernelBlock, mirrored, paddedRows, place } from './block.js'
import { type BlockArguments, planTiles, type TiledPlan } from './tile-plan.js'
import type { KernelOptions } from '../empirical/empirical-ntk.js'
import type { MaskTree } from '../empirical/masked.js'

/** Which kernel is wanted, in which pieces. */
export interface TiledOptions extends KernelOptions {
  /** The most examples along one side of a block; the most that fit, 64 at the most, unless given. */
  readonly tile?: number
  /**
   * The most bytes that a block's program and a whole kernel may hold at once, by prediction; 2³⁰ unless given. The
   * process and its engine come on top.
   */
  readonly maxBytes?: number
  /** Called after every block. */
  readonly observe?: (event: TileEvent) => IO<void>
}

/** Blocks done, of all that are computed. */
export interface TileEvent {
  readonly done: number
  readonly blocks: number
}

type Compiled<P> = { readonly plan: TiledPlan<P>; readonly program: Program<BlockArguments<P>, Tensor> }

/** Computes block after block and hands each to `visit`, mirror images included. */
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
  (params: Concrete<P>, x1: NdArray, x2: NdArray | undefined, mask: Concrete<MaskTree> | undefined) =>
  (runner: Runner): TE.TaskEither<TangentError, Compiled<P>> =>
    pipe(
      TE.fromEither(attempt(() => planTiles(model, options, isWhole)(params, x1, x2, mask))),
      TE.bindTo('plan'),
      TE.bind('program', ({ plan }) => runner.compile(plan.kernel, plan.specs))
    )

/**
 * Streams a kernel of concrete examples block by block: `visit` gets every block once, in no more memory than one
 * block's program takes. Without `x2` only the blocks on and above the diagonal are computed, and their mirror images
 * follow them. All blocks are computed by one program: a ragged last one is padded with its last example, and the
 * padding dropped.
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
export const forEachBlock =
  <P>(model: Model<P>, options: TiledOptions = {}) =>
  (visit: (block: KernelBlock) => TE.TaskEither<TangentError, void>) =>
  (
    params: Concrete<P>,
    x1: NdArray,
    x2?: NdArray,
    mask?: Concrete<MaskTree>
  ): ReaderTaskEither<Runner, TangentError, void> =>
  (runner) =>
    pipe(
      prepare(model, options, false)(params, x1, x2, mask)(runner),
      TE.flatMap((compiled) => stream(compiled, options.observe)(visit))
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
export const tiled =
  <P>(model: Model<P>, options: TiledOptions = {}) =>
  (
    params: Concrete<P>,
    x1: NdArray,
    x2?: NdArray,
    mask?: Concrete<MaskTree>
  ): ReaderTaskEither<Runner, TangentError, NdArray> =>
  (runner) =>
    pipe(
      prepare(model, options, true)(params, x1, x2, mask)(runner),
      TE.flatMap((compiled) => {
        const { shape } = compiled.plan
        const whole = new Float32Array(sizeOf(shape))
        return pipe(
          stream(compiled, options.observe)((block) => TE.fromIO(() => place(whole, shape[1]!, block))),
          TE.map(() => of(shape, whole))
        )
      })
    )
