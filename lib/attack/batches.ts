import type * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { requireWhole } from '../core/check.js'
import type { TangentError } from '../core/error.js'
import { loop } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import { labelledCount, requireInBox, takeExamples } from '../nn/batch.js'
import type { Attack, Batch, Dataset, Model } from '../nn/model.js'

/** A batch of examples with their places in the set as ids. */
export type Examples = Concrete<Required<Batch>>

/** A set that is divided into batches of one size, so that one program serves them all. */
export interface Batches {
  readonly data: Dataset
  readonly count: number
  readonly size: number
  /** A batch of that size. */
  readonly example: Examples
}

/**
 * Divides a labelled set into batches, no larger than the set itself; a set that does not fit the model or an attack is refused.
 * @defaultValue `batch` is 256
 */
export const batchesOf = <P>(
  operation: string,
  model: Model<P>,
  params: Concrete<P>,
  data: Dataset,
  attacks: readonly Pick<Attack, 'box'>[],
  batch = 256
): E.Either<TangentError, Batches> =>
  attempt(() => {
    const count = labelledCount(operation, model, params, data)
    attacks.forEach((attack) => requireInBox(operation, attack, data.x))
    const size = Math.min(requireWhole(operation, 'batch', batch, 1), count)
    return { data, count, size, example: takeExamples(data, new Array<number>(size).fill(0)) }
  })

/** The places of all examples of a set. */
export const allRows = ({ count }: Batches): readonly number[] => Array.from({ length: count }, (_, i) => i)

/** The result for one batch, and the examples that were asked for: the first of its rows. */
export interface Part<R> {
  readonly rows: readonly number[]
  readonly value: R
}

/**
 * Runs something on examples of a set, batch by batch; the last batch is filled up with its first example. Ids are places in
 * the set, so that noise does not depend on how batches are divided.
 */
export const overRows = <R>(
  { data, size }: Batches,
  rows: readonly number[],
  run: (batch: Examples) => TE.TaskEither<TangentError, R>,
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

/** A number for each of the examples that were asked for, from the result of its batch and its place there. */
export const eachOf = <R>(
  parts: readonly Part<R>[],
  numberOf: (value: R, place: number) => number
): readonly number[] => parts.flatMap(({ rows, value }) => rows.map((_, place) => numberOf(value, place)))
