import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../../core/error.js'
import type { HostKey } from '../../core/key.js'
import { full } from '../../core/ndarray.js'
import type { Runner } from '../../graph/runner.js'
import type { Concrete } from '../../graph/spec.js'
import { attempt } from '../../graph/trace.js'
import { labelledCount, takeExamples } from '../../nn/batch.js'
import type { Dataset, Model } from '../../nn/model.js'
import type { FullAttack } from '../attack.js'
import { prepare } from '../combine.js'
import type { Run } from '../run.js'
import { checkBatch, overRows, type Part } from './rows.js'

/** How a curve is measured. */
export interface CurveOptions {
  readonly attack: FullAttack
  /** Examples a program call; 256 unless given, fewer where the set is smaller. */
  readonly batch?: number
  /** Steps in one program, as for `attack.prepare`. */
  readonly chunk?: number
}

/** Runs an attack over a whole set with the given radius for all, or its own. */
const runsOf =
  <P>(
    operation: string,
    model: Model<P>,
    { attack, batch = 256, chunk }: CurveOptions,
    withRadius: boolean
  ) =>
  (params: Concrete<P>, data: Dataset, key: HostKey) =>
  (
    runner: Runner
  ): TE.TaskEither<TangentError, (radius?: number) => TE.TaskEither<TangentError, readonly Part<Run>[]>> =>
    pipe(
      TE.fromEither(
        attempt(() => {
          const count = labelledCount(operation, model, params, data)
          return { count, size: checkBatch(operation, batch, count) }
        })
      ),
      TE.bind('prepared', ({ size }) => {
        const example = takeExamples(data, new Array<number>(size).fill(0))
        const own = withRadius ? { epsilon: full([size], 0) } : {}
        return prepare(attack, chunk === undefined ? {} : { chunk })(model)(params, { ...example, ...own })(
          runner
        )
      }),
      TE.map(
        ({ count, size, prepared }) =>
          (radius) =>
            overRows(data, size)(
              Array.from({ length: count }, (_, i) => i),
              (images) =>
                prepared(
                  params,
                  radius === undefined ? images : { ...images, epsilon: full([size], radius) },
                  key
                )
            )
      )
    )

/** The fraction of the examples for which something holds, given its place in a batch and the batch's run. */
const share = (parts: readonly Part<Run>[], holds: (run: Run, place: number) => boolean): number => {
  const count = parts.reduce((sum, { rows }) => sum + rows.length, 0)
  const held = parts.reduce((sum, { rows, value }) => sum + rows.filter((_, j) => holds(value, j)).length, 0)
  return held / count
}

/** A point of the curve over ε. */
export interface EpsilonPoint {
  readonly epsilon: number
  /** The fraction of the set that the attack of this radius does not break. */
  readonly robust: number
}

/** How the curve over ε is measured. */
export interface EpsilonOptions extends CurveOptions {
  readonly epsilons: readonly number[]
  /** Called after every radius. */
  readonly observe?: (point: EpsilonPoint) => IO<void>
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
export const overEpsilon =
  <P>(model: Model<P>, options: EpsilonOptions) =>
  (
    params: Concrete<P>,
    data: Dataset,
    key: HostKey
  ): ReaderTaskEither<Runner, TangentError, readonly EpsilonPoint[]> =>
  (runner) =>
    pipe(
      TE.fromEither(
        attempt(() =>
          options.epsilons.forEach((epsilon) => {
            if (!(Number.isFinite(epsilon) && epsilon >= 0))
              fail(
                'ArgumentError',
                'attack.overEpsilon',
                'finite radii of at least 0',
                `${epsilon}`,
                'epsilons'
              )
          })
        )
      ),
      TE.flatMap(() => runsOf('attack.overEpsilon', model, options, true)(params, data, key)(runner)),
      TE.flatMap((attacked) =>
        pipe(
          options.epsilons,
          TE.traverseSeqArray((epsilon) =>
            pipe(
              attacked(epsilon),
              TE.map((parts) => ({
                epsilon,
                robust: share(parts, ({ success }, j) => success.data[j] === 0)
              })),
              TE.tapIO((point) => options.observe?.(point) ?? ((): void => undefined))
            )
          )
        )
      )
    )

/** What becomes of a set step by step: the curve, and what the gradients were. Fractions are of the whole set. */
export interface StepCurve {
  /** The fraction that no point up to step k has broken; place 0 is the start, further restarts follow. */
  readonly robust: readonly number[]
  /** Examples, not broken by the start, that no step brought nearer to a mistake than the start was. */
  readonly stuck: number
  /** Examples that met a gradient of zero, and one that was not finite. */
  readonly zeroGradients: number
  readonly nonFiniteGradients: number
}

const wentNowhere = ({ margins: { shape, data } }: Run, place: number): boolean => {
  const [rows, n] = shape as readonly [number, number]
  const start = data[place]!
  if (!(start > 0)) return false
  for (let row = 1; row < rows; row++) if (!(data[row * n + place]! >= start)) return false
  return rows > 1
}

/**
 * Robust accuracy by the number of steps, from one run of the attack: what it would have found, had it ended earlier. Give
 * it a fixed step size. An example counts as broken from the first point on that breaks it.
 */
export const overSteps =
  <P>(model: Model<P>, options: CurveOptions) =>
  (params: Concrete<P>, data: Dataset, key: HostKey): ReaderTaskEither<Runner, TangentError, StepCurve> =>
  (runner) =>
    pipe(
      runsOf('attack.overSteps', model, options, false)(params, data, key)(runner),
      TE.flatMap((attacked) => attacked()),
      TE.map((parts) => {
        const rows = Math.max(...parts.map(({ value }) => value.margins.shape[0]!))
        return {
          robust: Array.from({ length: rows }, (_, k) =>
            share(parts, ({ firstSuccess }, j) => firstSuccess.data[j]! < 0 || firstSuccess.data[j]! > k)
          ),
          stuck: share(parts, wentNowhere),
          zeroGradients: share(parts, ({ zeroGradients }, j) => zeroGradients.data[j]! > 0),
          nonFiniteGradients: share(parts, ({ nonFiniteGradients }, j) => nonFiniteGradients.data[j]! > 0)
        }
      })
    )
