import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import type { NdArray } from '../core/ndarray.js'
import type { Key } from '../graph/key.js'
import { loop } from '../graph/loop.js'
import type { Executed, Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import * as ops from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import { labelledCount } from '../nn/labels.js'
import { type Attack, type Batch, type Dataset, type Model, takeExamples } from '../nn/batch.js'
import { correct } from '../nn/loss.js'

/** How a set is evaluated: the attack, and examples a batch (256 unless given). */
export interface EvaluateOptions {
  readonly attack: Attack
  /** Examples a program call; 256 unless given, fewer where the set is smaller. */
  readonly batch?: number
}

/** How a model does on a set. */
export interface Robustness {
  readonly count: number
  /** The fraction classified correctly. */
  readonly clean: number
  /** The fraction classified correctly both as it is and under attack. */
  readonly robust: number
  /** 1 where the example is classified correctly as it is. */
  readonly cleanEach: readonly number[]
  /** 1 where the example also withstands the attack. */
  readonly robustEach: readonly number[]
  readonly executed: Executed | undefined
}

const checkBatch = (batch: number, count: number): number =>
  Number.isInteger(batch) && batch >= 1
    ? count
    : fail('ArgumentError', 'attack.evaluate', 'a whole batch size of at least 1', `${batch}`, 'batch')

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/**
 * Clean and robust accuracy over a whole set, batch by batch through one compiled program. A clean mistake counts as
 * broken, and so does a tie of logits. The last batch is filled up with the first example, whose extra results are
 * dropped. Noise follows the place of an example in the set, so the batch size does not change it.
 */
export const evaluate =
  <P>(model: Model<P>, { attack, batch = 256 }: EvaluateOptions) =>
  (params: Concrete<P>, data: Dataset, key: HostKey): ReaderTaskEither<Runner, TangentError, Robustness> =>
  (runner) => {
    const judge = (
      p: P,
      examples: Required<Batch>,
      k: Key
    ): { readonly clean: Tensor; readonly robust: Tensor } => {
      const clean = correct(examples.y)(model(p)(examples.x))
      const under = correct(examples.y)(model(p)(attack(model)(p, examples, k).x))
      return { clean, robust: ops.mul(clean)(under) }
    }
    interface Progress {
      readonly clean: readonly NdArray[]
      readonly robust: readonly NdArray[]
      readonly executed: Executed | undefined
    }
    return pipe(
      TE.Do,
      TE.bind('count', () =>
        TE.fromEither(attempt(() => checkBatch(batch, labelledCount('attack.evaluate', model, params, data))))
      ),
      TE.let('size', ({ count }) => Math.min(count, batch)),
      TE.let(
        'rowsOf',
        ({ count, size }) =>
          (i: number) =>
            Array.from({ length: size }, (_, j) => (i * size + j < count ? i * size + j : 0))
      ),
      TE.bind('program', ({ rowsOf }) => runner.compile(judge, [params, takeExamples(data, rowsOf(0)), key])),
      TE.flatMap(({ count, size, rowsOf, program }) =>
        pipe(
          { clean: [], robust: [], executed: undefined } as Progress,
          loop(Math.ceil(count / size), (i, seen: Progress) =>
            pipe(
              program(params, takeExamples(data, rowsOf(i)), key),
              TE.map(({ value, executed }) => ({
                clean: [...seen.clean, value.clean],
                robust: [...seen.robust, value.robust],
                executed
              }))
            )
          ),
          TE.map(({ clean, robust, executed }) => {
            const flat = (arrays: readonly NdArray[]): number[] =>
              arrays.flatMap((array) => Array.from(array.data)).slice(0, count)
            const [cleanEach, robustEach] = [flat(clean), flat(robust)]
            return {
              count,
              clean: meanOf(cleanEach),
              robust: meanOf(robustEach),
              cleanEach,
              robustEach,
              executed
            }
          })
        )
      )
    )
  }
