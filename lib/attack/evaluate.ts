import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../core/entry.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import type { NdArray } from '../core/ndarray.js'
import { fold, type Key } from '../graph/key.js'
import { type Effect, type Executed, loop, type Result, type Runner } from '../graph/runner.js'
import { type Concrete, keySpec } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt } from '../graph/trace.js'
import type { Attack, Batch, Dataset, Model } from '../nn/model.js'
import { correct } from '../nn/loss.js'
import { allRows, type Batches, batchesOf, eachOf, type Examples, overRows, type Part } from './batches.js'
import {
  type AttackReport,
  classesOf,
  countOf,
  flagsOf,
  fraction,
  type NamedAttack,
  type Robustness
} from './robustness.js'
import { asInputs, compiled, prepare, type RunOptions } from './run.js'
import { ofModel, onData } from '../nn/require.js'

/** One more batch of an evaluation is done. */
export interface EvaluateEvent {
  /** The attack that runs; `clean` for the inputs as they are. */
  readonly attack: string
  /** Examples on which it has run, of all on which it will run. */
  readonly done: number
  /** How many examples there are. */
  readonly total: number
  /** The fraction of the set that is still robust, examples that are yet to be tried included. */
  readonly robust: number
}

/** How a set is evaluated. */
export type EvaluateOptions = RunOptions & {
  /** Examples a program call, fewer where the set is smaller. @defaultValue 256 */
  readonly batch?: number
  /** Called after every batch. */
  readonly observe?: (event: EvaluateEvent) => IO<void>
} & (
    | {
        /** One attack, in a program of its own that computes its inputs and nothing else. */
        readonly attack: Attack
        /** Left out beside `attack`. */
        readonly attacks?: undefined
      }
    | {
        /** Several, one after the other; attack j has the key `fold(j)(key)`, as in `attack.worst`. */
        readonly attacks: readonly NamedAttack[]
        /** Left out beside `attacks`. */
        readonly attack?: undefined
      }
  )

const kinds: OptionKinds<EvaluateOptions> = {
  chunk: option.number,
  batch: option.number,
  observe: option.function,
  attack: option.function,
  attacks: option.any
}

/** The inputs that an attack made of one batch, and which of its gradients were at fault, where that is known. */
interface AttackOutput {
  readonly x: NdArray
  readonly zeroGradients?: NdArray
  readonly nonFiniteGradients?: NdArray
  readonly executed: Executed
}

const checkNames = (attacks: readonly NamedAttack[]): void => {
  const names = attacks.map(({ name }) => name)
  if (attacks.length === 0 || new Set(names).size < names.length)
    fail('ArgumentError', 'attack.evaluate', 'attacks of different names', names.join(', ') || 'none')
}

/** An attack that is compiled only when its turn comes, and if an example is left to attack. */
interface PendingAttack extends Required<Omit<NamedAttack, 'attack'>> {
  readonly prepared: Effect<(batch: Examples) => TE.TaskEither<TangentError, AttackOutput>>
}

const pendingAttacks = <P>(
  model: Model<P>,
  { attack, attacks, chunk }: EvaluateOptions,
  params: Concrete<P>,
  example: Examples,
  key: HostKey
): readonly PendingAttack[] => {
  if (attacks !== undefined) {
    return attacks.map(({ name, kind = 'white box', attack: named }, j) => ({
      name,
      kind,
      prepared: pipe(
        prepare(named, { chunk })(model)(params, example),
        RTE.map((run) => (batch) => run(params, batch, fold(j)(key)))
      )
    }))
  }
  const inputs = (p: P, b: Required<Batch>, k: Key): { readonly x: Tensor } => ({
    x: attack(model)(p, b, k).x
  })
  const prepared: PendingAttack['prepared'] = pipe(
    compiled(inputs, [params, example, keySpec]),
    RTE.map(
      (program) => (batch) =>
        pipe(
          program(params, batch, key),
          TE.map(({ value, executed }) => ({ ...value, executed }))
        )
    )
  )
  return [{ name: 'attack', kind: 'white box', prepared }]
}

/** An evaluation after some of its attacks: 1 for each example that is still robust, and what the attacks did. */
interface Totals {
  readonly isRobust: readonly number[]
  readonly reports: readonly AttackReport[]
  readonly executed: Executed | undefined
}

/** What all attacks of one evaluation share. */
interface Evaluation {
  readonly set: Batches
  /** 1 for each example of a batch that is classified correctly. */
  readonly classify: (batch: Examples) => TE.TaskEither<TangentError, Result<NdArray>>
  readonly observe: EvaluateOptions['observe']
}

/** What is told after each batch of an attack: how many examples it has tried, and what of the set is left. */
const telling = <R>(
  { set, observe }: Evaluation,
  attack: string,
  total: number,
  isCorrect: (value: R, place: number) => number
): ((part: Part<R>) => void) => {
  let [done, robust] = [0, total]
  return (part) => {
    done += part.rows.length
    robust -= part.rows.length - countOf(eachOf([part], isCorrect))
    observe?.({ attack, done, total, robust: robust / set.count })()
  }
}

/** The examples that are classified correctly as they are. */
const runClean = (evaluation: Evaluation): TE.TaskEither<TangentError, Totals> => {
  const { set, classify } = evaluation
  const isCorrect = ({ value }: Result<NdArray>, place: number): number => value.data[place]!
  return pipe(
    overRows(set, allRows(set), classify, telling(evaluation, 'clean', set.count, isCorrect)),
    TE.map((parts) => ({
      isRobust: eachOf(parts, isCorrect),
      reports: [],
      executed: parts.at(-1)?.value.executed
    }))
  )
}

/** 1 where the example at a place of a batch is still classified correctly. */
const stillCorrect = ({ isCorrect }: { readonly isCorrect: Result<NdArray> }, place: number): number =>
  isCorrect.value.data[place]!

/** Runs one attack on the examples that are still robust. What it returns is classified anew. */
const runAttack =
  (evaluation: Evaluation, { name, kind, prepared }: PendingAttack, from: Totals): Effect<Totals> =>
  (runner) => {
    const { set, classify } = evaluation
    const rows = from.isRobust.flatMap((isRobust, i) => (isRobust === 0 ? [] : [i]))
    const none = { name, kind, attacked: 0, broken: 0, robust: 0, zeroGradients: 0, nonFiniteGradients: 0 }
    if (rows.length === 0) return TE.right({ ...from, reports: [...from.reports, none] })
    return pipe(
      prepared(runner),
      TE.flatMap((run) =>
        overRows(
          set,
          rows,
          (batch) =>
            pipe(
              run(batch),
              TE.bindTo('output'),
              TE.bind('isCorrect', ({ output }) => classify({ ...batch, x: asInputs(output.x, batch.x) }))
            ),
          telling(evaluation, name, rows.length, stillCorrect)
        )
      ),
      TE.map((parts) => {
        const isRobust = from.isRobust.slice()
        eachOf(parts, stillCorrect).forEach((value, i) => (isRobust[rows[i]!] = value))
        const faulty = (field: 'zeroGradients' | 'nonFiniteGradients'): number =>
          countOf(eachOf(parts, ({ output }, place) => output[field]?.data[place] ?? 0))
        const report = {
          name,
          kind,
          attacked: rows.length,
          broken: rows.length - countOf(isRobust),
          robust: fraction(isRobust),
          zeroGradients: faulty('zeroGradients'),
          nonFiniteGradients: faulty('nonFiniteGradients')
        }
        return {
          isRobust,
          reports: [...from.reports, report],
          executed: parts.at(-1)?.value.output.executed ?? from.executed
        }
      })
    )
  }

/**
 * Clean and robust accuracy over a whole set, batch by batch through compiled programs: the worst of all attacks for each
 * example. A clean mistake counts as a success of the attack, and so does a tie of logits. An example is not attacked again
 * after a success; batches are filled with those that are still robust. What an attack returns is classified anew, so it
 * cannot claim a success; the clean element counts where that is NaN. Noise follows the place of an example in the set: neither
 * the batch size nor the other examples change it, and {@link run} on the whole set has the same.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { attack, data, key, nn, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(10))
 * const { x, y } = data.take([0, 1, 2, 3])(data.digits())
 * const attacks = [
 *   { name: 'PGD', attack: attack.pgd({ epsilon: 0.1, steps: 5, relativeStep: 2.5, keep: 'best' }) },
 *   { name: 'noise', kind: 'noise', attack: attack.noise({ epsilon: 0.1 }) }
 * ] as const
 * const found = await withEngine()(attack.evaluate(net.apply, { attacks })(net.init(key(0), [64]), { x, y }, key(1)))()
 * assert.ok(E.isRight(found))
 * assert.ok(found.right.robust <= found.right.clean)
 * assert.deepEqual(found.right.attacks.map(({ name }) => name), ['PGD', 'noise'])
 */
export const evaluate = entry(
  'attack.evaluate',
  'Effect',
  2,
  <P>(model: Model<P>, options: EvaluateOptions) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<Robustness> =>
      pipe(
        RTE.fromEither(
          attempt(() => {
            checkOptions('attack.evaluate', kinds, options)
            if (options.attacks !== undefined) checkNames(options.attacks)
          })
        ),
        RTE.flatMapEither(() => {
          const { attacks = [options], batch } = options
          const all = attacks.flatMap(({ attack }) => attack ?? [])
          return batchesOf('attack.evaluate', model, params, data, all, batch)
        }),
        RTE.bindTo('set'),
        RTE.bind('program', ({ set }) =>
          compiled(
            (p: P, { x, y }: Required<Batch>): Tensor => correct(y)(model(p)(x)),
            [params, set.example]
          )
        ),
        RTE.flatMap(({ set, program }) => (runner: Runner) => {
          const evaluation: Evaluation = {
            set,
            classify: (batch) => program(params, batch),
            observe: options.observe
          }
          const pending = pendingAttacks(model, options, params, set.example, key)
          return pipe(
            runClean(evaluation),
            TE.bindTo('clean'),
            TE.bind('attacked', ({ clean }) =>
              pipe(
                clean,
                loop(pending.length, (j, from: Totals) => runAttack(evaluation, pending[j]!, from)(runner))
              )
            ),
            TE.map(({ clean, attacked: { isRobust, reports, executed } }): Robustness => {
              const attacks = options.attacks === undefined ? [] : reports
              return {
                count: set.count,
                clean: fraction(clean.isRobust),
                robust: fraction(isRobust),
                cleanEach: clean.isRobust,
                robustEach: isRobust,
                attacks,
                classes: classesOf(Array.from(data.y.data), clean.isRobust, isRobust),
                flags: flagsOf(attacks, set.count),
                executed
              }
            })
          )
        })
      ),
  [ofModel, onData]
)
