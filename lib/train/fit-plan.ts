import { fill } from '../graph/contract.js'
import { requireWhole } from '../core/check.js'
import { fold, type Key, split } from '../graph/key.js'
import type { HostKey } from '../core/key.js'
import { isNdArray, type NdArray, scalar } from '../core/ndarray.js'
import { partOf } from '../core/tree.js'
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

/** Consecutive steps that one program takes. */
export interface Chunk {
  readonly start: number
  readonly length: number
}

/** The steps of a run, cut into programs: each at most `unroll` long, ending where something is due. */
const chunksOf = (steps: number, unroll: number, due: ReadonlySet<number>): readonly Chunk[] => {
  const chunks: Chunk[] = []
  for (let start = 0; start < steps;) {
    let end = start + 1
    while (end < steps && end - start < unroll && !due.has(end)) end++
    chunks.push({ start, length: end - start })
    start = end
  }
  return chunks
}

/** From so many steps on, a program of several steps saves more time than it takes to compile (docs/state.md). */
const LONG = 500

/**
 * Steps in one program: as the options say, or what is best for a long run. A step that attacks is a program of many steps
 * by itself, expensive to compile several times over.
 */
const unrollOf = <P>({ unroll, attack, objective }: FitOptions<P>, steps: number, best: number): number =>
  unroll ?? (steps < LONG || attack !== undefined || objective !== undefined ? 1 : best)

const multiples = (size: number, upTo: number): readonly number[] =>
  Array.from({ length: Math.floor(upTo / size) }, (_, i) => (i + 1) * size)

/** All that options, data, parameters and key fix before anything runs; `best` is the unrolling that suits the engine. */
export const planOf = <P>(
  model: Model<P>,
  options: FitOptions<P>,
  params: Concrete<P>,
  data: Dataset,
  key: HostKey,
  best = 1
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
      : Array.from({ length: record.times }, (_, i) => Math.round(((i + 1) * steps) / record.times))
  const judged = validate === undefined ? [] : multiples((validate.every ?? 1) * rows.perEpoch, steps)
  const saved = checkpoint === undefined ? [] : multiples(checkpoint.steps ?? rows.perEpoch, steps)
  const level = scheduleOf(options)
  const unroll = unrollOf(options, steps, best)
  const nothing = () => partOf<NdArray, Concrete<Weights<P>>>('train.fit', isNdArray, params, () => false)
  const mask = options.mask ?? nothing()
  if (options.mask !== undefined) requireMask('train.fit', params, options.mask)
  const start = mask_.applyConcrete(mask)(params)
  return {
    rows,
    steps,
    unroll,
    recorded: [...new Set(recorded)],
    judged,
    chunks: chunksOf(steps, unroll, new Set([...recorded, ...judged, ...saved])),
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

/** A state, and what the steps from there take. */
export type ChunkArguments<P> = [from: TrainState<P>, mask: Weights<P>, steps: readonly StepArguments[]]

/** Some steps of training as one traced function. */
export const chunkOf =
  <P>(model: Model<P>, options: FitOptions<P>) =>
  (...[from, mask, steps]: ChunkArguments<P>) => {
    const step = trainStep(model, options)
    return steps.reduce<{ readonly to: TrainState<P>; readonly losses: readonly Tensor[] }>(
      ({ to, losses }, { batch, rate, level, key }) => {
        const next = step(to, batch, mask, rate, key, level[0])
        return { to: next.to, losses: [...losses, next.loss] }
      },
      { to: from, losses: [] }
    )
  }

/** The arguments of a chunk but for the state it starts from. */
export const inputsOf =
  <P>(data: Dataset, { rows, mask, rates, levels, keyOf }: FitPlan<P>) =>
  ({ start, length }: Chunk) =>
    [
      mask,
      Array.from({ length }, (_, i) => {
        const step = start + i
        return {
          batch: takeExamples(data, rows.rowsOf(step)),
          rate: scalar(rates[step]!),
          level: levels === undefined ? [] : [scalar(levels[step]!)],
          key: keyOf(step)
        }
      })
    ] as const
