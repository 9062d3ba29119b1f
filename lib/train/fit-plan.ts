import { fill } from '../graph/contract.js'
import { requireWhole } from '../core/check.js'
import { fold, type Key, split } from '../graph/key.js'
import type { HostKey } from '../core/key.js'
import { isNdArray, type NdArray, scalar } from '../core/ndarray.js'
import { partOf } from '../core/tree.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import * as mask_ from '../mask/apply.js'
import { requireMask } from '../mask/masked-leaves.js'
import { exampleCount, labelledCount, requireInBox, shuffledRows, takeExamples } from '../nn/batch.js'
import type { Batch, Dataset, Model } from '../nn/model.js'
import { initialState, type TrainState } from '../nn/optimiser.js'
import type { Weights } from '../nn/weights.js'
import { checkFit, type FitOptions, valuesOf } from './fit-options.js'
import { objectiveOf, scheduleOf, trainStep } from './train-step.js'

/** Consecutive steps, taken by calls of one program. */
export interface Chunk {
  readonly start: number
  /** The steps of a call. */
  readonly length: number
  readonly calls: number
}

/** Calls of a program after which a state that stays on the device is read: an eighth of the moving is left. */
const STAYING = 8

/** The steps from one on until something is due: calls of at most `unroll` steps, at most so many. */
const chunkFrom =
  (steps: number, unroll: number, calls: number, due: ReadonlySet<number>) =>
  (start: number): Chunk => {
    let end = start + 1
    while (end < steps && end - start < unroll * calls && !due.has(end)) end++
    const length = Math.min(unroll, end - start)
    return { start, length, calls: Math.floor((end - start) / length) }
  }

/** From so many steps on, a program of several steps saves more time than it takes to compile (docs/state.md). */
const LONG = 500

/**
 * Steps in one program: as the options say, or what is best for a long run. An attack that the engine writes out is a program of
 * many steps by itself, expensive to compile several times over.
 */
const unrollOf = <P>(
  { unroll, attack, objective }: FitOptions<P>,
  steps: number,
  { unroll: best = 1, loops = false }: Pick<Runner, 'unroll' | 'loops'>
): number =>
  unroll ?? (steps < LONG || ((attack !== undefined || objective !== undefined) && !loops) ? 1 : best)

const multiples = (size: number, upTo: number): readonly number[] =>
  Array.from({ length: Math.floor(upTo / size) }, (_, i) => (i + 1) * size)

/** All that options, data, parameters, key and what the engine prefers fix before anything runs. */
export const planOf = <P>(
  model: Model<P>,
  options: FitOptions<P>,
  params: Concrete<P>,
  data: Dataset,
  key: HostKey,
  runner: Pick<Runner, 'unroll' | 'loops' | 'resident'> = {}
) => {
  const { epochs, batch, schedule, record, validate, checkpoint } = options
  checkFit(options)
  const [forShuffle, forSteps] = split(2)(key)
  const objective = objectiveOf(options, fill(0, []))
  const count =
    objective.labels === true
      ? labelledCount('train.fit', model, params, data)
      : exampleCount('train.fit', data)
  requireInBox('train.fit', objective, data.x)
  const rows = shuffledRows('train.fit', forShuffle, count, batch)
  const steps = requireWhole('train.fit', 'epochs', epochs * rows.perEpoch, 1)
  const recorded =
    record === undefined
      ? []
      : Array.from({ length: record.times }, (_, i) => Math.round(((i + 1) * steps) / record.times)).filter(
          (step) => step > 0
        )
  const judged = validate === undefined ? [] : multiples((validate.every ?? 1) * rows.perEpoch, steps)
  const saved = checkpoint === undefined ? [] : multiples(checkpoint.steps ?? rows.perEpoch, steps)
  const level = scheduleOf(options)
  const unroll = unrollOf(options, steps, runner)
  const nothing = () => partOf<NdArray, Concrete<Weights<P>>>('train.fit', isNdArray, params, () => false)
  const mask = options.mask ?? nothing()
  if (options.mask !== undefined) requireMask('train.fit', params, options.mask)
  const start = mask_.applyConcrete(mask)(params)
  const due = new Set([...recorded, ...judged, ...saved])
  return {
    rows,
    steps,
    unroll,
    recorded: [...new Set(recorded)],
    judged,
    /** The chunk that begins at a step, which a checkpoint of another interval may be. */
    chunkAt: chunkFrom(steps, unroll, runner.resident === undefined ? 1 : STAYING, due),
    first: { params: start, state: initialState(options.optimiser)<P>(start) },
    mask,
    rates: valuesOf('schedule', schedule, steps),
    levels: level === undefined ? undefined : valuesOf('a scheduled attack or objective', level, steps),
    keyOf: (step: number) => fold(step)(forSteps)
  }
}

/** A run before its first step. */
export type FitPlan<P> = ReturnType<typeof planOf<P>>

/** What a step takes of its own: as separate arguments, so that every step of a program is computed by the same kernels. */
interface StepArguments {
  readonly batch: Required<Batch>
  readonly rate: Tensor
  readonly level: readonly Tensor[]
  readonly key: Key
}

/** What the steps of a call take: the mask, which is the same in all calls, and what each step has of its own. */
export type CallInput<P> = readonly [mask: Weights<P>, steps: readonly StepArguments[]]

/** Some steps of training as one traced function: the state after them, and the loss of each. */
export const stepsOf =
  <P>(model: Model<P>, options: FitOptions<P>) =>
  (from: TrainState<P>, [mask, steps]: CallInput<P>): readonly [TrainState<P>, readonly Tensor[]] => {
    const step = trainStep(model, options)
    return steps.reduce<readonly [TrainState<P>, readonly Tensor[]]>(
      ([at, losses], { batch, rate, level, key }) => {
        const { to, loss } = step(at, batch, mask, rate, key, level[0])
        return [to, [...losses, loss]]
      },
      [from, []]
    )
  }

/** What each call of a chunk takes. */
export const inputsOf =
  <P>(data: Dataset, { rows, mask, rates, levels, keyOf }: FitPlan<P>) =>
  ({ start, length, calls }: Chunk): readonly Concrete<CallInput<P>>[] =>
    Array.from({ length: calls }, (_, call) => [
      mask,
      Array.from({ length }, (_, i) => {
        const step = start + call * length + i
        return {
          batch: takeExamples(data, rows.rowsOf(step)),
          rate: scalar(rates[step]!),
          level: levels === undefined ? [] : [scalar(levels[step]!)],
          key: keyOf(step)
        }
      })
    ])
