import { checkOptions, option, type OptionKinds } from '../core/options.js'
import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { requireFinite } from '../core/check.js'
import { entry } from '../core/entry.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { full } from '../core/ndarray.js'
import type { Effect } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import type { Dataset, Model } from '../nn/model.js'
import { allRows, batchesOf, eachOf, type Examples, overRows, type Part } from './batches.js'
import type { AttackBatch } from './goal.js'
import { fraction } from './robustness.js'
import { type AttackRun, prepare, runKinds, type RunOptions, type TracedAttack } from './run.js'
import { ofModel, onData } from '../nn/require.js'

/** How a curve is measured. */
export interface CurveOptions extends RunOptions {
  /** The attack whose robust accuracy is measured. */
  readonly attack: TracedAttack
  /** Examples a program call, fewer where the set is smaller. @defaultValue 256 */
  readonly batch?: number
}

const kinds: OptionKinds<CurveOptions> = { ...runKinds, attack: option.function, batch: option.number }

/** An attack that runs over a whole set, with the given radius for all or with its own. */
const attackOver = <P>(
  operation: string,
  model: Model<P>,
  { attack, batch, chunk }: CurveOptions,
  params: Concrete<P>,
  data: Dataset,
  key: HostKey,
  withRadius: boolean
): Effect<(radius?: number) => TE.TaskEither<TangentError, readonly Part<AttackRun>[]>> =>
  pipe(
    RTE.fromEither(batchesOf(operation, model, params, data, [attack], batch)),
    RTE.flatMap((set) => {
      const within = (examples: Examples, radius: number | undefined): Concrete<AttackBatch> =>
        radius === undefined ? examples : { ...examples, epsilon: full([set.size], radius) }
      return pipe(
        prepare(attack, { chunk })(model)(params, within(set.example, withRadius ? 0 : undefined)),
        RTE.map(
          (run) => (radius) =>
            overRows(set, allRows(set), (examples) => run(params, within(examples, radius), key))
        )
      )
    })
  )

/** The fraction of the examples for which something holds, given the run of its batch and its place there. */
const fractionOf = (
  parts: readonly Part<AttackRun>[],
  holds: (run: AttackRun, place: number) => boolean
): number => fraction(eachOf(parts, (run, place) => (holds(run, place) ? 1 : 0)))

/** A point of the curve over ε. */
export interface EpsilonPoint {
  /** The radius. */
  readonly epsilon: number
  /** The fraction of the set on which the attack of this radius does not succeed. */
  readonly robust: number
}

/** How the curve over ε is measured. */
export interface EpsilonOptions extends CurveOptions {
  /** The radii, in the units of the inputs. */
  readonly epsilons: readonly number[]
  /** Called after every radius. */
  readonly observe?: (point: EpsilonPoint) => IO<void>
}

const epsilonKinds: OptionKinds<EpsilonOptions> = {
  ...kinds,
  epsilons: option.list,
  observe: option.function
}

/**
 * Robust accuracy at several radii, each attacked on its own, all by one program: radii are arguments. The attack's own
 * radius is not used; give its step in units of ε (`relativeStep`), since a fixed one does not grow with the radius. Of an
 * honest model and attack the curve falls, to 0 where ε lets any image become any other.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { attack, data, key, nn, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(10))
 * const pgd = attack.pgd({ epsilon: 0, steps: 5, relativeStep: 2.5, keep: 'best' })
 * const curve = attack.overEpsilon(net.apply, { attack: pgd, epsilons: [0, 1] })
 * const found = await withEngine()(curve(net.init(key(0), [64]), data.take([0, 1])(data.digits()), key(1)))()
 * assert.ok(E.isRight(found))
 * assert.deepEqual(found.right.map(({ epsilon }) => epsilon), [0, 1])
 */
export const overEpsilon = entry(
  'attack.overEpsilon',
  'Effect',
  2,
  <P>(model: Model<P>, options: EpsilonOptions) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<readonly EpsilonPoint[]> =>
      pipe(
        RTE.fromEither(
          attempt(() => {
            checkOptions('attack.overEpsilon', epsilonKinds, options)
            options.epsilons.forEach((epsilon) => requireFinite('attack.overEpsilon', 'epsilons', epsilon, 0))
          })
        ),
        RTE.flatMap(() => attackOver('attack.overEpsilon', model, options, params, data, key, true)),
        RTE.flatMapTaskEither((attacked) =>
          pipe(
            options.epsilons,
            TE.traverseSeqArray((epsilon) =>
              pipe(
                attacked(epsilon),
                TE.map((parts) => ({
                  epsilon,
                  robust: fractionOf(parts, ({ success }, j) => success.data[j] === 0)
                })),
                TE.tapIO((point) => options.observe?.(point) ?? ((): void => undefined))
              )
            )
          )
        )
      ),
  [ofModel, onData]
)

/** The robust accuracy step by step, and what the gradients were. Fractions are of the whole set. */
export interface StepCurve {
  /** The fraction on which no point up to step k succeeds; place 0 is the start, further restarts follow. */
  readonly robust: readonly number[]
  /** Examples, without a success at the start, that no step brought nearer to a mistake than the start was. */
  readonly stuck: number
  /** Examples that met a gradient of zero. */
  readonly zeroGradients: number
  /** Examples that met a gradient that was not finite. */
  readonly nonFiniteGradients: number
}

const wentNowhere = ({ margins: { shape, data } }: AttackRun, place: number): boolean => {
  const [rows, n] = shape as readonly [number, number]
  const start = data[place]!
  if (!(start > 0)) return false
  for (let row = 1; row < rows; row++) if (!(data[row * n + place]! >= start)) return false
  return rows > 1
}

/**
 * Robust accuracy by the number of steps, from one run of the attack: what it would have found, had it ended earlier. Give
 * it a fixed step size. An example is no longer robust from the first success on.
 */
export const overSteps = entry(
  'attack.overSteps',
  'Effect',
  2,
  <P>(model: Model<P>, options: CurveOptions) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<StepCurve> =>
      pipe(
        RTE.fromEither(attempt(() => checkOptions('attack.overSteps', kinds, options))),
        RTE.flatMap(() => attackOver('attack.overSteps', model, options, params, data, key, false)),
        RTE.flatMapTaskEither((attacked) => attacked()),
        RTE.map((parts) => {
          const rows = Math.max(...parts.map(({ value }) => value.margins.shape[0]!))
          return {
            robust: Array.from({ length: rows }, (_, k) =>
              fractionOf(
                parts,
                ({ firstSuccess }, j) => firstSuccess.data[j]! < 0 || firstSuccess.data[j]! > k
              )
            ),
            stuck: fractionOf(parts, wentNowhere),
            zeroGradients: fractionOf(parts, ({ zeroGradients }, j) => zeroGradients.data[j]! > 0),
            nonFiniteGradients: fractionOf(
              parts,
              ({ nonFiniteGradients }, j) => nonFiniteGradients.data[j]! > 0
            )
          }
        })
      ),
  [ofModel, onData]
)
