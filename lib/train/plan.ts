import { fold, type Key, split } from '../graph/key.js'
import type { HostKey } from '../core/key.js'
import { of } from '../core/ndarray.js'
import * as ops from '../graph/ops/index.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import * as mask_ from '../mask/apply.js'
import {
  type Batch,
  type Dataset,
  exampleCount,
  type Model,
  shuffledRows,
  takeExamples
} from '../nn/batch.js'
import { labelledCount } from '../nn/labels.js'
import type { Params, Weights } from '../nn/layer.js'
import { crossEntropy } from '../nn/loss.js'
import { initialState, type Optimised } from '../nn/optimiser.js'
import { checkOptions, type FitOptions, valuesOf } from './options.js'
import { scheduleOf, trainStep } from './step.js'

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

const multiples = (size: number, upTo: number): readonly number[] =>
  Array.from({ length: Math.floor(upTo / size) }, (_, i) => (i + 1) * size)

/** All that options, data, parameters and key fix before anything runs. */
export const planOf = (
  model: Model<Params>,
  options: FitOptions,
  params: Concrete<Params>,
  data: Dataset,
  key: HostKey
) => {
  const { epochs, batch, schedule, unroll = 1, record, mask = [], validate } = options
  checkOptions(options)
  const [forShuffle, forSteps] = split(2)(key)
  // labels of another loss or objective may be anything that it takes
  const count =
    (options.loss ?? crossEntropy) === crossEntropy
      ? labelledCount('train.fit', model, params, data)
      : exampleCount('train.fit', data)
  const rows = shuffledRows(forShuffle, count, batch)
  const steps = epochs * rows.perEpoch
  const recorded =
    record === undefined
      ? []
      : Array.from({ length: record.checkpoints }, (_, i) =>
          Math.round(((i + 1) * steps) / record.checkpoints)
        )
  const judged = validate === undefined ? [] : multiples((validate.every ?? 1) * rows.perEpoch, steps)
  const level = scheduleOf(options)
  const start = mask_.applyConcrete(mask)(params)
  return {
    rows,
    steps,
    recorded: [...new Set(recorded)],
    judged,
    chunks: chunksOf(steps, unroll, new Set([...recorded, ...judged])),
    first: { params: start, state: initialState(options.optimiser)<Params>(start) },
    mask,
    rates: valuesOf('schedule', schedule, steps),
    levels: level === undefined ? undefined : valuesOf('a scheduled attack or objective', level, steps),
    keyOf: (step: number) => fold(step)(forSteps)
  }
}

/** A run before its first step. */
export type Plan = ReturnType<typeof planOf>

/** A state, the batches of some steps, and what else those steps take. */
export type ChunkArguments = [
  from: Optimised<Params>,
  batches: readonly Required<Batch>[],
  mask: Weights,
  rates: Tensor,
  levels: readonly Tensor[],
  keys: readonly Key[]
]

/** Some steps of training as one traced function. */
export const chunkOf =
  (model: Model<Params>, options: FitOptions) =>
  (...[from, batches, mask, rates, levels, keys]: ChunkArguments) => {
    const step = trainStep(model, options)
    return batches.reduce<{ readonly to: Optimised<Params>; readonly losses: readonly Tensor[] }>(
      ({ to, losses }, each, i) => {
        const level = levels.map((values) => ops.at(0, i)(values))
        const next = step(to, each, mask, ops.at(0, i)(rates), keys[i]!, level[0])
        return { to: next.to, losses: [...losses, next.loss] }
      },
      { to: from, losses: [] }
    )
  }

/** The arguments of a chunk but for the state it starts from. */
export const inputsOf =
  (data: Dataset, { rows, mask, rates, levels, keyOf }: Plan) =>
  ({ start, length }: Chunk) => {
    const places = Array.from({ length }, (_, j) => start + j)
    const part = (values: Float32Array) => of([length], values.slice(start, start + length))
    return [
      places.map((step) => takeExamples(data, rows.rowsOf(step))),
      mask,
      part(rates),
      levels === undefined ? [] : [part(levels)],
      places.map(keyOf)
    ] as const
  }
