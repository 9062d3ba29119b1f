import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { leftWith, type TangentError } from '../core/error.js'
import { key, permutation } from '../core/key.js'
import type { Tile } from '../ntk/empirical/tile-plan.js'
import { type BlockedKernel, engineOfBlock, engineOfSum, tilesIn } from './kernel-files.js'

/** A block to be computed. */
export interface MissingBlock {
  readonly tile: Tile
  /** Whether there is a sum of it already, of a block that is lost or damaged. */
  readonly hasSum: boolean
}

/** What is to be computed, and who computed the rest. */
export interface MissingBlocks {
  readonly missing: readonly MissingBlock[]
  readonly engine: string | undefined
}

/** Blocks of two engines are one kernel of neither. */
export const otherEngine = (expected: string, received: string): TE.TaskEither<TangentError, never> =>
  TE.fromEither(
    leftWith('ArgumentError', 'blocks.blocked')(
      `the engine of the other blocks (${expected})`,
      received,
      'engine'
    )
  )

/** Which blocks are missing, and who computed the others. */
export const findMissing = (kernel: BlockedKernel): TE.TaskEither<TangentError, MissingBlocks> =>
  pipe(
    tilesIn(kernel),
    TE.traverseSeqArray((tile) =>
      pipe(
        TE.Do,
        TE.bind('engine', () => engineOfBlock(kernel, tile)),
        TE.bind('sum', ({ engine }) => (engine === undefined ? engineOfSum(kernel, tile) : TE.right(engine))),
        TE.map(({ engine, sum }) => ({ tile, engine, hasSum: sum !== undefined }))
      )
    ),
    TE.flatMap((blocks) => {
      const engines = [...new Set(blocks.flatMap(({ engine }) => (engine === undefined ? [] : [engine])))]
      const [engine, another] = engines
      return another === undefined
        ? TE.right({ missing: blocks.filter((block) => block.engine === undefined), engine })
        : otherEngine(engine!, another)
    })
  )

/**
 * The missing blocks in the order of one of several processes, and how many of them are its own. It takes those of the others at random:
 * two that do so seldom compute the same one.
 */
export const orderOf = (
  missing: readonly MissingBlock[],
  [place, count]: readonly [number, number]
): { readonly order: readonly MissingBlock[]; readonly own: number } => {
  const at = (part: number): number => Math.floor((part * missing.length) / count)
  const [start, end] = [at(place), at(place + 1)]
  const others = [...missing.slice(end), ...missing.slice(0, start)]
  return {
    order: [
      ...missing.slice(start, end),
      ...Array.from(permutation(key(place), others.length), (i) => others[i]!)
    ],
    own: end - start
  }
}
