import { checkOptions, option, type OptionKinds } from '../core/options.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { invalidLabelAt, requireFinite } from '../core/check.js'
import { entry } from '../core/entry.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { isNdArray, type NdArray, of } from '../core/ndarray.js'
import { leaves, rebuild } from '../core/tree.js'
import { evaluate } from '../graph/evaluate.js'
import type { Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Effect, Executed, Program } from '../graph/runner.js'
import type { Shape } from '../core/shape.js'
import { type Concrete, keySpec, spec, type Specs, specsOf } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import { crossEntropyEach, margin } from '../nn/loss.js'
import { classCount, requireInBox, requireLabels } from '../nn/batch.js'
import type { Attack, Box, Model } from '../nn/model.js'
import { ofModel, onData } from '../nn/require.js'
import { type AttackBatch, scoreAt } from './goal.js'
import { type AttackResult, resultOf, rowOf } from './iteration.js'

/**
 * An attack with a full result: usable wherever an `Attack` is, inside any traced function, and also as a sequence of
 * programs, by `attack.prepare` and `attack.run`.
 */
export interface TracedAttack {
  <P>(model: Model<P>): (params: P, batch: AttackBatch, key: Key) => AttackResult
  /** The box that it keeps inputs in, see `Attack`. */
  readonly box?: Box | undefined
  /** Whether a sample is let be at its first success, so that a run may end where there is one on every sample. */
  readonly freeze: boolean
  /** The attack as programs of so many steps. */
  readonly programs: (chunk: number) => PrepareAttack
}

/** How an attack is divided into programs. */
export interface RunOptions {
  /** Steps in one program; an attack of no more steps is one program. @defaultValue 10 */
  readonly chunk?: number | undefined
}

/** The kinds of {@link RunOptions}. */
export const runKinds: OptionKinds<RunOptions> = { chunk: option.number }

/** The result of an attack on an engine: the arrays of `AttackResult`, the key that repeats it, and what executed it. */
export interface AttackRun extends Concrete<AttackResult> {
  /** The key of the random numbers of the run. */
  readonly key: HostKey
  /** Who computed it. */
  readonly executed: Executed
}

/** An attack whose programs are compiled: it runs on any batch of the shapes it was prepared for. */
export type PreparedAttack<P> = (
  params: Concrete<P>,
  batch: Concrete<AttackBatch>,
  key: HostKey
) => TE.TaskEither<TangentError, AttackRun>

/** Compiles an attack for arguments of the given shapes; concrete arguments stand for their shapes. */
export type PrepareAttack = <P>(
  model: Model<P>
) => (params: Specs<P>, batch: Specs<AttackBatch>) => Effect<PreparedAttack<P>>

/** Compiles a traced function on the engine that the effect is given. */
export const compiled =
  <Args extends readonly unknown[], Out>(
    f: (...args: Args) => Out,
    specs: Specs<Args>
  ): Effect<Program<Args, Out>> =>
  (runner) =>
    runner.compile(f, specs)

/** A traced attack as a single program. */
export const prepareWhole =
  (
    attack: <P>(model: Model<P>) => (params: P, batch: AttackBatch, key: Key) => AttackResult
  ): PrepareAttack =>
  <P>(model: Model<P>) =>
  (params: Specs<P>, batch: Specs<AttackBatch>) =>
    pipe(
      compiled((p: P, b: AttackBatch, k: Key) => attack(model)(p, b, k), [params, batch, keySpec]),
      RTE.map(
        (program): PreparedAttack<P> =>
          (p, b, key) =>
            pipe(
              program(p, b, key),
              TE.map(({ value, executed }): AttackRun => ({ ...value, key, executed }))
            )
      )
    )

/**
 * Evaluates a traced result on the host, from arrays that an engine returned. The elements keep the engine's precision: no
 * arithmetic of a result rounds.
 */
export const onHost =
  <Args extends readonly unknown[]>(f: (...args: Args) => AttackResult) =>
  (...args: Concrete<Args>): E.Either<TangentError, Concrete<AttackResult>> =>
    pipe(
      evaluate(f)(...args),
      E.map((result) => {
        const isNarrow = leaves('attack.run', isNdArray, args).every(
          ({ value }) => value.data instanceof Float32Array
        )
        const asReturned = ({ shape, data }: NdArray): NdArray =>
          of(shape, isNarrow ? Float32Array.from(data) : data)
        return rebuild<NdArray, Concrete<AttackResult>>(
          'attack.run',
          isNdArray,
          result,
          leaves('attack.run', isNdArray, result).map(({ value }) => asReturned(value))
        )
      })
    )

/** What an attack returned, with the clean element where it is NaN: that is no input, and so breaks nothing. */
export const asInputs = (x: NdArray, clean: NdArray): NdArray =>
  x.data.some(Number.isNaN)
    ? of(
        x.shape,
        x.data.map((value, i) => (Number.isNaN(value) ? clean.data[i]! : value))
      )
    : x

/** Whether an attack has succeeded on every sample. */
export const allSucceeded = (success: NdArray): boolean => success.data.every((value) => value !== 0)

/** Any attack with a full result: of a plain function one point is known, and it is scored by the margin. */
export const complete = (attack: Attack | TracedAttack): TracedAttack => {
  if ('programs' in attack) return attack
  const scored =
    <P>(model: Model<P>) =>
    (params: P, batch: AttackBatch, key: Key): AttackResult => {
      const { x } = attack(model)(params, batch, key)
      const none = ops.fill(0, [x.shape[0]!])
      const at = scoreAt(
        { logits: model(params), objective: crossEntropyEach(batch.y), margin: margin(batch.y) },
        x
      )
      return resultOf(at, [rowOf(at)], { zeroGradients: none, nonFiniteGradients: none })
    }
  return Object.assign(scored, { box: attack.box, freeze: false, programs: () => prepareWhole(scored) })
}

/** The fields of an `AttackBatch`, concrete or as specs. */
interface BatchOf<T> {
  readonly x: T
  readonly y: T
  readonly ids?: T
  readonly epsilon?: T
  readonly target?: T
}

/** What an attack reads of a batch or set; samples without ids have their places, as in an evaluation. */
const readBatch = <T extends { readonly shape: Shape }>(
  { x, y, ids, epsilon, target }: BatchOf<T>,
  placesOf: (count: number) => T
): BatchOf<T> => ({
  x,
  y,
  ids: ids ?? placesOf(x.shape[0] ?? 1),
  ...(epsilon && { epsilon }),
  ...(target && { target })
})

/**
 * Compiles an attack, to run it on many batches: `prepare(attack, options)(model)(params, batch)`, where concrete arguments
 * stand for their shapes. A short attack is one program; a longer one is a program for `chunk` of its steps that runs again
 * and again, so that a thousand steps compile like ten. A run ends as soon as there is a success on every sample, where the
 * attack freezes such samples (APGD and Square do, and several attacks where all of them do), and so do its rows; otherwise its
 * result is that of the traced attack.
 * Inputs outside the attack's box and labels, targets and radii that are none are refused when it runs. Samples without ids have
 * 0 … n − 1, see {@link run}.
 */
export const prepare = entry(
  'attack.prepare',
  'Effect',
  3,
  (attack: Attack | TracedAttack, options: RunOptions = {}): PrepareAttack => {
    const { chunk = 10 } = checkOptions('attack.prepare', runKinds, options)
    const whole = complete(attack)
    return <P>(model: Model<P>) =>
      (params: Specs<P>, batch: Specs<AttackBatch>) =>
        pipe(
          RTE.fromEither(attempt(() => classCount(model, params, batch.x))),
          RTE.bindTo('classes'),
          RTE.bind('prepared', () =>
            whole.programs(chunk)(model)(
              params,
              readBatch(batch, (n) => spec([n]))
            )
          ),
          RTE.map(
            ({ classes, prepared }): PreparedAttack<P> =>
              (p, b, key) =>
                pipe(
                  TE.fromEither(attempt(() => checkBatch(whole, b, classes))),
                  TE.flatMap(() => prepared(p, readBatch(b, placesOf), key))
                )
          )
        )
  },
  [() => undefined, ofModel]
)

/** 0 … n − 1 */
const placesOf = (count: number): NdArray =>
  of(
    [count],
    Float32Array.from({ length: count }, (_, i) => i)
  )

/** Refuses a batch that no attack can run on: what is checked of options is checked of each sample. */
const checkBatch = (
  attack: TracedAttack,
  { x, y, epsilon, target }: Concrete<AttackBatch>,
  classes: number
): void => {
  const operation = 'attack.run'
  requireInBox(operation, attack, x)
  requireLabels(operation, y, classes)
  epsilon?.data.forEach((radius, i) => requireFinite(operation, `epsilon[${i}]`, radius, 0))
  const invalid = target === undefined ? -1 : invalidLabelAt(target.data, classes)
  if (invalid >= 0)
    fail(
      'ArgumentError',
      operation,
      `a class of 0 … ${classes - 1}`,
      `${target?.data[invalid]}`,
      `target[${invalid}]`
    )
}

/**
 * Prepares an attack and runs it on one batch, or on a data set as one batch. Random numbers follow the `ids` of the samples, which
 * are 0 … n − 1 where the batch has none: so a run finds what {@link evaluate} finds on the same set with the same key, where
 * attack j of several has the key `fold(j)(key)`.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { attack, key, ndarray, nn, withEngine } from 'tangentflow'
 *
 * const apgd = attack.apgd({ epsilon: 0.1, steps: 50 })
 * const net = nn.serial(nn.dense(3))
 * const batch = { x: ndarray.full([2, 5], 0.5), y: ndarray.of([2], [0, 2]) }
 * const found = await withEngine()(attack.run(apgd)(net.apply)(net.init(key(0), [5]), batch, key(1)))()
 * assert.ok(E.isRight(found))
 * assert.deepEqual(found.right.x.shape, [2, 5])
 * assert.deepEqual(found.right.key, key(1))
 */
export const run = entry(
  'attack.run',
  'Effect',
  3,
  (attack: Attack | TracedAttack, options: RunOptions = {}) =>
    <P>(model: Model<P>) =>
    (params: Concrete<P>, batch: Concrete<AttackBatch>, key: HostKey): Effect<AttackRun> =>
      pipe(
        RTE.fromEither(
          attempt(() =>
            specsOf<readonly [P, AttackBatch]>('attack.run', [params, readBatch(batch, placesOf)])
          )
        ),
        RTE.flatMap(([p, b]) => prepare(attack, options)(model)(p, b)),
        RTE.flatMapTaskEither((prepared) => prepared(params, batch, key))
      ),
  [() => undefined, ofModel, onData]
)
