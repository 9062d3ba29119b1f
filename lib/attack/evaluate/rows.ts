import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../../core/error.js'
import { loop } from '../../graph/loop.js'
import type { Concrete } from '../../graph/spec.js'
import { takeExamples } from '../../nn/batch.js'
import type { Batch, Dataset } from '../../nn/model.js'

/** What came of one batch, and the examples that it was asked for: the first of its rows. */
export interface Part<R> {
  readonly rows: readonly number[]
  readonly value: R
}

/** The batch size for a set: no larger than the set itself. */
export const checkBatch = (operation: string, batch: number, count: number): number =>
  Number.isInteger(batch) && batch >= 1
    ? Math.min(batch, count)
    : fail('ArgumentError', operation, 'a whole batch size of at least 1', `${batch}`, 'batch')

/**
 * Runs something on examples of a set, in batches of one size and so with one program: the last batch is filled up with
 * its first example. Ids are places in the set, so that noise does not depend on how batches are cut.
 */
export const overRows =
  (data: Dataset, size: number) =>
  <R>(
    rows: readonly number[],
    run: (batch: Concrete<Required<Batch>>) => TE.TaskEither<TangentError, R>,
    after: (part: Part<R>) => void = () => undefined
  ): TE.TaskEither<TangentError, readonly Part<R>[]> =>
    pipe(
      [] as readonly Part<R>[],
      loop(Math.ceil(rows.length / size), (i, parts: readonly Part<R>[]) => {
        const mine = rows.slice(i * size, (i + 1) * size)
        const filled = Array.from({ length: size }, (_, j) => mine[j] ?? mine[0]!)
        return pipe(
          run(takeExamples(data, filled)),
          TE.map((value) => ({ rows: mine, value })),
          TE.tapIO((part) => () => after(part)),
          TE.map((part) => [...parts, part])
        )
      })
    )
