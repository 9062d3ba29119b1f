import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { append, entriesOf } from '../checkpoint/run-state.js'
import { fingerprint, fingerprintFunction, type Settings } from '../checkpoint/fingerprint.js'
import { runSteps, type Taken } from '../checkpoint/run-steps.js'
import { entry } from '../core/entry.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { type NdArray, of, scalar } from '../core/ndarray.js'
import { mean } from '../core/mean.js'
import type { Key } from '../graph/key.js'
import { resident } from '../graph/resident.js'
import type { Effect, Resident, Result, Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt } from '../graph/trace.js'
import type { Batch, Dataset, Model } from '../nn/model.js'
import type { TrainState } from '../nn/optimiser.js'
import { type FitState, stateCodec, validated } from './fit-state.js'
import type { FitOptions, FitResult } from './fit-options.js'
import { type CallInput, type Chunk, inputsOf, type FitPlan, planOf, stepsOf } from './fit-plan.js'
import { objectiveOf } from './train-step.js'
import { ofModel, onData } from '../nn/require.js'

/**
 * What the steps of a run depend on, by option. Functions (model, attack, loss, optimiser) are told apart by the graphs they
 * trace to, schedules by their values.
 */
const settingsOf = <P>(
  model: Model<P>,
  options: FitOptions<P>,
  { first, rates, levels, recorded, judged, mask, unroll }: FitPlan<P>,
  [, [only]]: Concrete<CallInput<P>>,
  data: Dataset,
  key: HostKey
): Settings => {
  const { batch } = only!
  const lowered = (p: P, b: Batch, level: Tensor, k: Key): Tensor =>
    objectiveOf(options, level)(model)(p, b, k)
  const step = (from: TrainState<P>, gradient: P, rate: Tensor): TrainState<P> =>
    options.optimiser.step(rate)(gradient)(from)
  const numbers = (values: Float64Array) => fingerprint([of([values.length], Float32Array.from(values))])
  return {
    epochs: String(options.epochs),
    batch: String(options.batch),
    unroll: String(unroll),
    key: fingerprint([key]),
    schedule: numbers(rates),
    levels: levels === undefined ? 'none' : numbers(levels),
    model: fingerprintFunction((p: P, x: Tensor) => model(p)(x), [first.params, batch.x]),
    objective: fingerprintFunction(lowered, [first.params, batch, scalar(0), key]),
    optimiser: fingerprintFunction(step, [first, first.params, scalar(0)]),
    params: fingerprint(first.params),
    mask: fingerprint(mask),
    data: fingerprint({ x: data.x, y: data.y }),
    record:
      options.record === undefined ? 'none' : `${fingerprint(options.record.x)} at ${recorded.join(' ')}`,
    validate: judged.length === 0 ? 'none' : `every ${options.validate?.every ?? 1} epochs`
  }
}

/** The programs of a run. */
interface Run<P> {
  readonly chunk: (
    chunk: Chunk,
    from: Concrete<TrainState<P>>
  ) => ReturnType<Resident<TrainState<P>, CallInput<P>, readonly Tensor[]>>
  readonly outputs: (params: Concrete<P>) => TE.TaskEither<TangentError, Result<NdArray>>
}

/** Takes the steps of a chunk, then records, validates and tells of it where that is due. */
const takeChunk = <P>(
  { validate, observe }: FitOptions<P>,
  { recorded, judged, steps, rows }: FitPlan<P>,
  run: Run<P>,
  runner: Runner
) => {
  const record = (step: number, state: FitState<P>): TE.TaskEither<TangentError, FitState<P>> =>
    recorded.includes(step)
      ? pipe(
          run.outputs(state.at.params),
          TE.map(({ value: outputs }) => ({
            ...state,
            recorded: [...state.recorded, { step, outputs }]
          }))
        )
      : TE.right(state)

  const judge = (step: number, state: FitState<P>): TE.TaskEither<TangentError, FitState<P>> => {
    const epoch = step / rows.perEpoch
    return validate !== undefined && judged.includes(step)
      ? pipe(
          validate.score(state.at.params, { step, epoch })(runner),
          TE.map((score) => validated(state, { step, epoch, score }))
        )
      : TE.right(state)
  }

  const tell = (step: number, losses: readonly number[], { validations }: FitState<P>): void => {
    const last = validations.at(-1)
    const score = last?.step === step ? { score: last.score } : {}
    observe?.({ step, steps, epoch: Math.floor(step / rows.perEpoch), loss: mean(losses), ...score })()
  }

  return (chunk: Chunk, state: FitState<P>): TE.TaskEither<TangentError, Taken<FitState<P>>> => {
    const taken = chunk.length * chunk.calls
    const step = chunk.start + taken
    return pipe(
      run.chunk(chunk, state.at),
      TE.flatMap(({ value: [at, out], executed }) => {
        const losses = out.flat().map(({ data }) => data[0]!)
        return pipe(
          record(step, { ...state, at, losses: append(state.losses, losses) }),
          TE.flatMap((next) => judge(step, next)),
          TE.tapIO((next) => () => tell(step, losses, next)),
          TE.map((next) => ({ state: next, executed, steps: taken }))
        )
      })
    )
  }
}

/** Programs by the number of their steps, each compiled when it is first asked for. */
const compiledOnce = <A>(compile: (length: number) => TE.TaskEither<TangentError, A>) => {
  const programs = new Map<number, A>()
  return (length: number): TE.TaskEither<TangentError, A> => {
    const known = programs.get(length)
    return known !== undefined
      ? TE.right(known)
      : pipe(
          compile(length),
          TE.tapIO((program) => () => void programs.set(length, program))
        )
  }
}

/**
 * Trains a model on a set. Same key, same batches and same noise, whatever the mask: runs of several masks compare step
 * by step.
 */
export const fit = entry(
  'train.fit',
  'Effect',
  2,
  <P>(model: Model<P>, options: FitOptions<P>) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<FitResult<P>> =>
    (runner) => {
      const { checkpoint, record, stop, validate } = options
      const steps = stepsOf(model, options)
      const outputs = (p: P, x: Tensor): Tensor => model(p)(x)
      const x = record?.x
      return pipe(
        TE.fromEither(attempt(() => planOf(model, options, params, data, key, runner))),
        TE.bindTo('plan'),
        TE.let('inputs', ({ plan }) => inputsOf(data, plan)),
        TE.let(
          'inputOf',
          ({ inputs }) =>
            (length: number) =>
              inputs({ start: 0, length, calls: 1 })[0]!
        ),
        TE.let('programOf', ({ plan, inputOf }) =>
          compiledOnce((length: number) => resident(runner)(steps, [plan.first, inputOf(length)]))
        ),
        // what cannot be compiled is refused before a checkpoint is read
        TE.tap(({ plan, programOf }) => programOf(plan.chunkAt(0).length)),
        TE.bind('outputsOf', ({ plan }) =>
          x === undefined ? TE.right(undefined) : runner.compile(outputs, [plan.first.params, x])
        ),
        TE.bind('settings', ({ plan, inputOf }) =>
          TE.fromEither(
            attempt(() =>
              checkpoint === undefined ? {} : settingsOf(model, options, plan, inputOf(1), data, key)
            )
          )
        ),
        TE.flatMap(({ plan, inputs, programOf, outputsOf, settings }) => {
          const take = takeChunk(
            options,
            plan,
            {
              chunk: (each, from) =>
                pipe(
                  programOf(each.length),
                  TE.flatMap((program) => program(from, inputs(each)))
                ),
              outputs: (p) => outputsOf!(p, x!)
            },
            runner
          )
          return runSteps<FitState<P>>({
            kind: 'train.fit',
            settings,
            count: plan.steps,
            first: { at: plan.first, losses: undefined, recorded: [], validations: [], best: undefined },
            ...stateCodec(plan),
            take: (start, state) => take(plan.chunkAt(start), state),
            checkpoint: checkpoint && { steps: plan.rows.perEpoch, ...checkpoint },
            stop,
            until: ({ validations }) => validations.length > 0 && validate?.until?.(validations) === true
          })
        }),
        TE.map(({ state: { at, losses, ...rest }, ended }) => ({
          ...rest,
          params: at.params,
          losses: entriesOf(losses),
          ended
        }))
      )
    },
  [ofModel, onData]
)
