import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Stores } from '../checkpoint/checkpoint.js'
import { fingerprint, fingerprintFunction } from '../checkpoint/fingerprint.js'
import { nameOfExecuted } from '../checkpoint/run-steps.js'
import { requireWhole } from '../core/check.js'
import { entry } from '../core/entry.js'
import { fail, type TangentError } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { sameShape, showShape } from '../core/shape.js'
import { type Effect, loop, type Program } from '../graph/runner.js'
import { type Concrete, spec, type Specs, specsOf } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt, traceOrThrow } from '../graph/trace.js'
import {
  paddedRows,
  partLength,
  requireExamples,
  requireFiniteLeaves,
  type Tile
} from '../ntk/empirical/tile-plan.js'
import { requireFiniteElements } from '../ntk/spectrum/gram.js'
import { type BlockedKernel, claim, engineOfSum, tilesIn, writeBlock } from './kernel-files.js'
import { findMissing, type MissingBlocks, orderOf, otherEngine } from './missing-blocks.js'

/** How far a computation of blocks is. */
export interface BlockedEvent {
  /** Blocks that this call knows to be there. */
  readonly done: number
  /** Blocks in all. */
  readonly blocks: number
  /** Seconds that the others take at the pace of this call. */
  readonly secondsLeft: number
}

/** Where a kernel is written, in blocks of which size, and what is called along the way. */
export interface BlockedOptions {
  /** Where the files are, by name: `(name) => fileStore(join(folder, name))` of `tangentflow/io` in a folder. */
  readonly stores: Stores
  /**
   * The most examples along one side of a block: 4 tile² bytes each.
   *
   * @defaultValue 1,024
   */
  readonly tile?: number
  /**
   * Which of how many processes this is, counted from 0, where several compute one kernel in the same stores. Each begins with a part of
   * its own and then takes what is missing of the others, so that none waits for a process that has ended.
   *
   * @defaultValue `[0, 1]`
   */
  readonly worker?: readonly [place: number, count: number]
  /** Called after every block that is computed, or found to be there by now. */
  readonly observe?: (event: BlockedEvent) => IO<void>
}

const kinds: OptionKinds<BlockedOptions> = {
  stores: option.function,
  tile: option.number,
  worker: option.list,
  observe: option.function
}

const operation = 'blocks.blocked'

/** A kernel as a traced function of its parameters and two batches: [n1, n2]. */
type Kernel<P> = (params: P, x1: Tensor, x2: Tensor) => Tensor

type BlockProgram<P> = Program<[params: P, x1: Tensor, x2: Tensor], Tensor>

interface Plan<P> {
  readonly kernel: BlockedKernel
  readonly specs: Specs<[params: P, x1: Tensor, x2: Tensor]>
  /** The examples of a block's rows and columns, filled up to the program's shapes. */
  readonly batches: (tile: Tile) => readonly [NdArray, NdArray]
  readonly worker: readonly [place: number, count: number]
}

/** Checks all arguments, traces a block and says what the kernel is. */
const planOf = <P>(
  kernel: Kernel<P>,
  options: BlockedOptions,
  params: Concrete<P>,
  x1: NdArray,
  x2: NdArray
): Plan<P> => {
  checkOptions(operation, kinds, options)
  const tile = requireWhole(operation, 'tile', options.tile ?? 1024, 1)
  const [place, count] = options.worker ?? [0, 1]
  requireWhole(operation, 'worker', count, 1)
  requireWhole(operation, 'worker', place, 0, count - 1)
  requireExamples(operation, x1, x2)
  requireFiniteLeaves(operation, 'params', params)
  requireFiniteLeaves(operation, 'x1', x1)
  if (x2 !== x1) requireFiniteLeaves(operation, 'x2', x2)
  const shape = [x1.shape[0]!, x2.shape[0]!] as const
  const lengths = [partLength(shape[0], tile), partLength(shape[1], tile)] as const
  const batch = (length: number) => spec([length, ...x1.shape.slice(1)])
  const specs: Plan<P>['specs'] = [specsOf<P>(operation, params), batch(lengths[0]), batch(lengths[1])]
  const { out } = traceOrThrow(kernel, specs)
  if (!sameShape(out.shape, lengths))
    fail('ShapeError', operation, `a kernel ${showShape(lengths)}, one number a pair`, showShape(out.shape))
  const batches = ({ row, column }: Pick<Tile, 'row' | 'column'>) =>
    [paddedRows(x1, row, lengths[0]), paddedRows(x2, column, lengths[1])] as const
  const settings = {
    kernel: fingerprintFunction(kernel, [params, ...batches({ row: 0, column: 0 })]),
    params: fingerprint(params),
    x1: fingerprint(x1),
    x2: x2 === x1 ? 'x1' : fingerprint(x2),
    blocks: `at most ${lengths.join(' × ')} of ${shape.join(' × ')}`
  }
  return {
    kernel: { stores: options.stores, shape, lengths, isSymmetric: x2 === x1, settings },
    specs,
    batches,
    worker: [place, count]
  }
}

/** The elements of a tile in a block of the program; on the diagonal the upper half is written into the lower one as well. */
const elementsOfTile = (
  { rows, columns, row, column }: Tile,
  { shape, data }: NdArray,
  isSymmetric: boolean
): Float32Array => {
  const width = shape[1]!
  const out = new Float32Array(rows * columns)
  for (let i = 0; i < rows; i++) out.set(data.subarray(i * width, i * width + columns), i * columns)
  if (isSymmetric && row === column)
    for (let i = 0; i < rows; i++) for (let j = 0; j < i; j++) out[i * columns + j] = out[j * columns + i]!
  requireFiniteElements(operation, out, `the block at ${row}, ${column}`)
  return out
}

/** Computes and writes one block; `engine` computed those that are there. */
const compute =
  <P>({ kernel, batches }: Plan<P>, params: Concrete<P>, program: BlockProgram<P>) =>
  (tile: Tile, engine: string | undefined): TE.TaskEither<TangentError, string> => {
    const args = [params, ...batches(tile)] as Concrete<[params: P, x1: Tensor, x2: Tensor]>
    return pipe(
      program(...args),
      TE.flatMap(({ value, executed }) => {
        const name = nameOfExecuted(executed)
        return engine === undefined || engine === name
          ? TE.fromEither(attempt(() => ({ name, data: elementsOfTile(tile, value, kernel.isSymmetric) })))
          : otherEngine(engine, name)
      }),
      TE.flatMap(({ name, data }) =>
        pipe(
          writeBlock(kernel, tile, data, name),
          TE.map(() => name)
        )
      )
    )
  }

/** Computes what is missing, block after block, but for those that another process has written meanwhile. */
const complete = <P>(
  plan: Plan<P>,
  params: Concrete<P>,
  program: BlockProgram<P>,
  found: MissingBlocks,
  observe: BlockedOptions['observe']
): TE.TaskEither<TangentError, unknown> => {
  const { order, own } = orderOf(found.missing, plan.worker)
  const before = tilesIn(plan.kernel).length - order.length
  const start = performance.now()
  let computed = 0
  const one = compute(plan, params, program)
  const tell = (i: number): void => {
    const left = (i < own ? own : order.length) - 1 - i
    const secondsLeft = ((performance.now() - start) / 1000 / Math.max(1, computed)) * left
    observe?.({ done: before + i + 1, blocks: before + order.length, secondsLeft })()
  }
  return loop(order.length, (i, engine: string | undefined) => {
    const { tile, hasSum } = order[i]!
    return pipe(
      hasSum ? TE.right(undefined) : engineOfSum(plan.kernel, tile),
      TE.flatMap((other) => {
        if (other !== undefined)
          return engine === undefined || engine === other ? TE.right(other) : otherEngine(other, engine)
        computed++
        return one(tile, engine)
      }),
      TE.tapIO(() => () => tell(i))
    )
  })(found.engine)
}

/**
 * Computes a kernel of concrete examples block by block on an engine and writes each block, float32, as a file of NumPy. Without
 * `x2` it is that of `x1` with itself, of which only the blocks on and above the diagonal are computed. `kernel` is a traced
 * function of `params` and two batches that gives one number a pair, [n1, n2]: that of an infinite network
 * (`(_, a, b) => net.kernel(a, b).ntk`, with `[]` as parameters), or `ntk.empiricalNtk` of outputs 'mean', with masks among the
 * parameters. Memory is that of one block's program, whatever the number of examples.
 *
 * A computation that was killed continues where it was when it is called again: a block that is there and whole is not computed
 * twice, one that is missing or damaged is. Blocks and their CRC-32 are written whole or not at all. Several processes, on one
 * machine or many, compute one kernel in the same stores with `worker`.
 *
 * Errors: batches of two shapes, a kernel of another shape (ShapeError); stores that hold another kernel, or the same of other
 * examples or another tile, and another engine than that of the blocks that are there (ArgumentError, which names what differs); a kernel that is
 * not finite (DataError); what the stores say, such as a full disk (IoError).
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { type checkpoint, ndarray, ntk, type Tensor, withEngine } from 'tangentflow'
 * import { applyBlocked, blocked } from 'tangentflow/blocks'
 *
 * const files = new Map<string, Uint8Array>()
 * const stores: checkpoint.Stores = (name) => ({
 *   read: TE.fromIO(() => files.get(name)),
 *   write: (bytes) => TE.fromIO(() => void files.set(name, bytes))
 * })
 * const { serial, dense, relu } = ntk.infinite
 * const net = serial(dense(), relu, dense())
 * const kernel = (_: readonly [], a: Tensor, b: Tensor): Tensor => net.kernel(a, b).ntk
 * const x = ndarray.fromNested([[1, 0], [0.5, Math.sqrt(0.75)], [0, 1]])
 * const sums = await withEngine({ require: 'reference' })((engine) =>
 *   pipe(
 *     blocked(kernel, { stores, tile: 2 })([], x)(engine),
 *     TE.flatMap((written) => applyBlocked(written)(ndarray.fromNested([1, 1, 1])))
 *   )
 * )()
 * assert.ok(E.isRight(sums))
 * assert.deepEqual([...files.keys()].filter((name) => name.endsWith('.npy')), ['0-0.npy', '0-1.npy', '1-1.npy'])
 */
export const blocked = entry(
  operation,
  'Effect',
  2,
  <P>(kernel: Kernel<P>, options: BlockedOptions) =>
    (params: Concrete<P>, x1: NdArray, x2: NdArray = x1): Effect<BlockedKernel> =>
    (runner) =>
      pipe(
        TE.fromEither(attempt(() => planOf(kernel, options, params, x1, x2))),
        TE.tap((plan) => claim(plan.kernel)),
        TE.bindTo('plan'),
        TE.bind('found', ({ plan }) => findMissing(plan.kernel)),
        TE.tap(({ plan, found }) =>
          found.missing.length === 0
            ? TE.right(undefined)
            : pipe(
                runner.compile(kernel, plan.specs),
                TE.flatMap((program) => complete(plan, params, program, found, options.observe))
              )
        ),
        TE.map(({ plan }) => plan.kernel)
      )
)
