import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../../core/error.js'
import type { HostKey } from '../../core/key.js'
import type { NdArray } from '../../core/ndarray.js'
import { fold, type Key } from '../../graph/key.js'
import { loop } from '../../graph/loop.js'
import type { Executed, Runner } from '../../graph/runner.js'
import { type Concrete, keySpec } from '../../graph/spec.js'
import type { Tensor } from '../../graph/tensor.js'
import { attempt } from '../../graph/trace.js'
import { labelledCount, takeExamples } from '../../nn/batch.js'
import type { Attack, Batch, Dataset, Model } from '../../nn/model.js'
import { correct } from '../../nn/loss.js'
import { prepare } from '../combine.js'
import { flagsOf } from './flags.js'
import type { AttackReport, ClassReport, EvaluateOptions, NamedAttack, Robustness } from './options.js'
import { checkBatch, overRows, type Part } from './rows.js'

type Effect<A> = TE.TaskEither<TangentError, A>

/** What an attack found for one batch: inputs, and which of its gradients were at fault, where that is known. */
interface Found {
  readonly x: NdArray
  readonly zeroGradients?: NdArray
  readonly nonFiniteGradients?: NdArray
  readonly executed: Executed
}

/** An attack whose programs are ready. */
type Ready = (batch: Concrete<Required<Batch>>) => Effect<Found>

/** An attack that is yet to be compiled, when its turn comes and there is something left to attack. */
interface Turn {
  readonly named: NamedAttack
  readonly ready: Effect<Ready>
}

const checkNames = (attacks: readonly NamedAttack[]): void => {
  const names = attacks.map(({ name }) => name)
  if (attacks.length === 0 || new Set(names).size < names.length)
    fail('ArgumentError', 'attack.evaluate', 'attacks of different names', names.join(', ') || 'none')
}

/** An attack as a program for its inputs alone. */
const bare =
  <P>(
    model: Model<P>,
    attack: Attack,
    params: Concrete<P>,
    example: Concrete<Required<Batch>>,
    key: HostKey
  ) =>
  (runner: Runner): Effect<Ready> =>
    pipe(
      runner.compile(
        (p: P, b: Required<Batch>, k: Key): Tensor => attack(model)(p, b, k).x,
        [params, example, keySpec]
      ),
      TE.map(
        (program): Ready =>
          (batch) =>
            pipe(
              program(params, batch, key),
              TE.map(({ value, executed }) => ({ x: value, executed }))
            )
      )
    )

const turnsOf =
  <P>(model: Model<P>, options: EvaluateOptions, params: Concrete<P>, key: HostKey) =>
  (runner: Runner, example: Concrete<Required<Batch>>): readonly Turn[] => {
    const { attack, attacks, chunk } = options
    if (attacks === undefined)
      return [
        {
          named: { name: 'attack', attack },
          ready: bare(model, attack, params, example, key)(runner)
        }
      ]
    return attacks.map((named, j) => ({
      named,
      ready: pipe(
        prepare(named.attack, chunk === undefined ? {} : { chunk })(model)(params, example)(runner),
        TE.map(
          (prepared): Ready =>
            (batch) =>
              prepared(params, batch, fold(j)(key))
        )
      )
    }))
  }

/** The values of the examples that were asked for, without those that fill up a batch. */
const eachOf = <R>(parts: readonly Part<R>[], values: (value: R) => NdArray): readonly number[] =>
  parts.flatMap(({ rows, value }) => Array.from(values(value).data.subarray(0, rows.length)))

const countOf = (values: readonly number[]): number => values.filter((value) => value !== 0).length

const fraction = (each: readonly number[]): number => countOf(each) / each.length

const classesOf = (
  labels: readonly number[],
  clean: readonly number[],
  robust: readonly number[]
): readonly ClassReport[] =>
  [...new Set(labels)]
    .sort((a, b) => a - b)
    .map((label) => {
      const of = (each: readonly number[]): readonly number[] => each.filter((_, i) => labels[i] === label)
      return { label, count: of(clean).length, clean: fraction(of(clean)), robust: fraction(of(robust)) }
    })

interface Reached {
  readonly each: readonly number[]
  readonly reports: readonly AttackReport[]
  readonly executed: Executed | undefined
}

/**
 * Clean and robust accuracy over a whole set, batch by batch through compiled programs: the worst of all attacks for each
 * example. A clean mistake counts as broken, and so does a tie of logits. An example that is broken is not attacked again;
 * batches are filled with those that still stand. What an attack returns is classified anew, so it cannot claim a success.
 * Noise follows the place of an example in the set: neither the batch size nor what other examples do changes it.
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
export const evaluate =
  <P>(model: Model<P>, options: EvaluateOptions) =>
  (params: Concrete<P>, data: Dataset, key: HostKey): ReaderTaskEither<Runner, TangentError, Robustness> =>
  (runner) => {
    const { batch = 256, observe } = options
    const judge = (p: P, { x, y }: Required<Batch>): Tensor => correct(y)(model(p)(x))
    return pipe(
      TE.fromEither(
        attempt(() => {
          if (options.attacks !== undefined) checkNames(options.attacks)
          const count = labelledCount('attack.evaluate', model, params, data)
          return { count, size: checkBatch('attack.evaluate', batch, count) }
        })
      ),
      TE.bind('stands', ({ size }) => {
        const example = takeExamples(data, new Array<number>(size).fill(0))
        return pipe(
          runner.compile(judge, [params, example]),
          TE.map((program) => ({ example, program }))
        )
      }),
      TE.flatMap(({ count, size, stands: { example, program } }) => {
        const over = overRows(data, size)
        const teller = (attack: string, total: number) => (standing: (done: number) => number) => {
          let done = 0
          return (part: Part<unknown>): void => {
            done += part.rows.length
            observe?.({ attack, done, total, robust: standing(done) / count })()
          }
        }

        const clean = pipe(
          over(
            Array.from({ length: count }, (_, i) => i),
            (images) => program(params, images),
            teller('clean', count)((done) => done)
          ),
          TE.map((parts): Reached => ({
            each: eachOf(parts, ({ value }) => value),
            reports: [],
            executed: parts.at(-1)?.value.executed
          }))
        )

        const underAttack = (turn: Turn, from: Reached): Effect<Reached> => {
          const { name, kind = 'white box' } = turn.named
          const rows = from.each.flatMap((stands, i) => (stands === 0 ? [] : [i]))
          if (rows.length === 0) {
            const report = {
              name,
              kind,
              attacked: 0,
              broken: 0,
              robust: 0,
              zeroGradients: 0,
              nonFiniteGradients: 0
            }
            return TE.right({ ...from, reports: [...from.reports, report] })
          }
          let standing = rows.length
          const tell = teller(name, rows.length)(() => standing)
          return pipe(
            turn.ready,
            TE.flatMap((ready) =>
              over(
                rows,
                (images) =>
                  pipe(
                    ready(images),
                    TE.bindTo('found'),
                    TE.bind('judged', ({ found }) => program(params, { ...images, x: found.x }))
                  ),
                (part) => {
                  standing -= part.rows.length - countOf(eachOf([part], ({ judged }) => judged.value))
                  tell(part)
                }
              )
            ),
            TE.map((parts) => {
              const after = from.each.slice()
              eachOf(parts, ({ judged }) => judged.value).forEach((stands, i) => (after[rows[i]!] = stands))
              const faulty = (field: 'zeroGradients' | 'nonFiniteGradients'): number =>
                countOf(
                  parts.flatMap((part) => {
                    const { [field]: faults } = part.value.found
                    return faults === undefined ? [] : eachOf([part], () => faults)
                  })
                )
              return {
                each: after,
                reports: [
                  ...from.reports,
                  {
                    name,
                    kind,
                    attacked: rows.length,
                    broken: rows.length - standing,
                    robust: standing / count,
                    zeroGradients: faulty('zeroGradients'),
                    nonFiniteGradients: faulty('nonFiniteGradients')
                  }
                ],
                executed: parts.at(-1)?.value.found.executed ?? from.executed
              }
            })
          )
        }

        const turns = turnsOf(model, options, params, key)(runner, example)
        return pipe(
          clean,
          TE.flatMap((start) =>
            pipe(
              start,
              loop(turns.length, (j, from: Reached) => underAttack(turns[j]!, from)),
              TE.map(({ each, reports, executed }): Robustness => {
                const named = options.attacks === undefined ? [] : reports
                return {
                  count,
                  clean: fraction(start.each),
                  robust: fraction(each),
                  cleanEach: start.each,
                  robustEach: each,
                  attacks: named,
                  classes: classesOf(Array.from(data.y.data), start.each, each),
                  flags: flagsOf(named, count),
                  executed
                }
              })
            )
          )
        )
      })
    )
  }
