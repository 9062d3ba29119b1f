import { plain } from '../core/plain.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import { MOST_UNROLLED, requireWhole } from '../core/check.js'
import { fail, type TangentError } from '../core/error.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import type { NdArray } from '../core/ndarray.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Params } from '../nn/layer.js'
import type { Schedule } from '../nn/schedule.js'
import type { Weights } from '../nn/weights.js'
import type { Checkpointing, Ended } from '../checkpoint/run-steps.js'
import type { Trajectory } from './trajectory.js'
import type { TrainStepOptions } from './train-step.js'

/** How parameters are validated during a training. */
export interface Validate<P = Params> {
  /** Epochs from one validation to the next. @defaultValue 1 */
  readonly every?: number
  /** The score of parameters; larger is better. Robust accuracy on a validation split, for example. */
  readonly score: (
    params: Concrete<P>,
    at: {
      /** Steps taken. */
      readonly step: number
      /** Epochs done. */
      readonly epoch: number
    }
  ) => ReaderTaskEither<Runner, TangentError, number>
  /** Whether training is long enough, asked after every validation: `train.patience(3)`. @defaultValue never */
  readonly until?: (validations: readonly Validation[]) => boolean
}

/** The recipe of a training run. */
export interface FitOptions<P = Params> extends TrainStepOptions {
  /** How often every example is seen. */
  readonly epochs: number
  /** Examples a step. Those that fill no last batch are left out of that epoch; every epoch has its own shuffle. */
  readonly batch: number
  /** The learning rate of every step. */
  readonly schedule: Schedule
  /** Trains m∘θ: a weight whose mask is 0 is 0 from the start and never moves. */
  readonly mask?: Concrete<Weights<P>>
  /**
   * Steps in one program: more move the parameters through the host less often and take longer to compile.
   *
   * @defaultValue the engine's own `unroll` where a run has 500 steps or more, and a step has no attack or the engine runs it as a loop, else 1
   */
  readonly unroll?: number
  /** Inputs whose outputs are recorded so many times, after about equally spaced steps, the last one included. */
  readonly record?: {
    /** The inputs, [n, …]. */
    readonly x: NdArray
    /** How many times. */
    readonly times: number
  }
  /** Called after every program. */
  readonly observe?: (event: FitEvent) => IO<void>
  /** How parameters are validated. @defaultValue they are not */
  readonly validate?: Validate<P>
  /**
   * Saves the run, and resumes it where its last checkpoint is: then it ends in the same bits as one that was never
   * interrupted. A checkpoint of other options, data or start is refused with an ArgumentError that names the first that
   * differs, one that is damaged or foreign with a DataError; both stay as they are.
   */
  readonly checkpoint?: Checkpointing
  /** Asked before every program: true ends the training there. */
  readonly stop?: IO<boolean>
}

/** Training has reached a step. */
export interface FitEvent {
  /** Steps taken. */
  readonly step: number
  /** Steps in all. */
  readonly steps: number
  /** Epochs finished. */
  readonly epoch: number
  /** The mean loss of the program's batches, before their steps. */
  readonly loss: number
  /** The score, where the parameters were validated after this step. */
  readonly score?: number
}

/** What a training returns. */
export interface FitResult<P = Params> {
  /** The last parameters. */
  readonly params: Concrete<P>
  /** The loss of every step's batch, under attack, before the step; {@link meanLoss} is the loss after the last one. */
  readonly losses: readonly number[]
  /** Outputs on the recorded inputs, each time that they were recorded. */
  readonly recorded: Trajectory
  /** Every validation, in order. */
  readonly validations: readonly Validation[]
  /** The parameters of the best validation, if there was one. */
  readonly best: Best<P> | undefined
  /** Why training ended: all its steps were taken, `until` held, or `stop` was asked for. */
  readonly ended: Ended
}

/**
 * Stops training once so many validations in a row have not beaten the best one before them.
 *
 * @example
 * import assert from 'node:assert'
 * import { train } from 'tangentflow'
 *
 * const at = (...scores: number[]) => scores.map((score, i) => ({ step: i + 1, epoch: i + 1, score }))
 * assert.equal(train.patience(2)(at(0.5, 0.6, 0.6)), false)
 * assert.equal(train.patience(2)(at(0.5, 0.6, 0.6, 0.4)), true)
 */
export const patience = plain(
  'train.patience',
  (count: number) =>
    (validations: readonly Validation[]): boolean => {
      requireWhole('train.patience', undefined, count, 1)
      // a score that is no number is never the best
      const scores = validations.map(({ score }) => (Number.isNaN(score) ? -Infinity : score))
      return scores.length - 1 - scores.indexOf(Math.max(...scores)) >= count
    }
)

const atLeast1 = (name: string, value: number): number => requireWhole('train.fit', name, value, 1)

/** The score of the parameters after a step. */
export interface Validation {
  /** Steps taken. */
  readonly step: number
  /** Epochs done. */
  readonly epoch: number
  /** Larger is better. */
  readonly score: number
}

/** The parameters of the best validation; the earliest of equal ones. */
export interface Best<P = Params> extends Validation {
  /** The parameters with the best score. */
  readonly params: Concrete<P>
}

const kinds: OptionKinds<FitOptions> = {
  optimiser: option.optimiser,
  attack: option.or(option.function, option.record),
  loss: option.function,
  objective: option.or(option.function, option.record),
  epochs: option.number,
  batch: option.number,
  schedule: option.schedule,
  mask: option.any,
  unroll: option.number,
  record: option.record,
  observe: option.function,
  validate: option.record,
  checkpoint: option.record,
  stop: option.function
}

/** Refuses options that no data could fit. */
export const checkFit = <P>(options: FitOptions<P>): void => {
  checkOptions('train.fit', kinds, options)
  const { epochs, batch, unroll = 1, record, validate, checkpoint, objective, attack, loss } = options
  atLeast1('epochs', epochs)
  atLeast1('batch', batch)
  requireWhole('train.fit', 'unroll', unroll, 1, MOST_UNROLLED)
  if (record !== undefined) atLeast1('record.times', record.times)
  if (validate?.every !== undefined) atLeast1('validate.every', validate.every)
  if (checkpoint?.steps !== undefined) atLeast1('checkpoint.steps', checkpoint.steps)
  if (objective !== undefined && (attack !== undefined || loss !== undefined))
    fail('ArgumentError', 'train.fit', 'an objective, or an attack and a loss', 'both', 'objective')
}

/** The value of a schedule at every step; one that is not finite in float32 is refused. */
export const valuesOf = (name: string, schedule: Schedule, steps: number): Float64Array => {
  const values = Float64Array.from({ length: steps }, (_, step) => schedule(step, steps))
  const stray = values.findIndex((value) => !Number.isFinite(Math.fround(value)))
  return stray < 0
    ? values
    : fail('ArgumentError', 'train.fit', 'finite numbers', `${values[stray]} at step ${stray}`, name)
}
