import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { type NdArray, of } from '../core/ndarray.js'
import { valueAndGrad } from '../diff/index.js'
import { fold, type Key, split } from '../graph/key.js'
import { loop } from '../graph/loop.js'
import * as ops from '../graph/ops/index.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt } from '../graph/trace.js'
import { none } from '../attack/attack.js'
import * as mask_ from '../mask/apply.js'
import {
  type Attack,
  type Batch,
  type Dataset,
  exampleCount,
  type Model,
  shuffledRows,
  takeExamples
} from '../nn/batch.js'
import { labelledCount } from '../nn/labels.js'
import type { Params, Weights } from '../nn/layer.js'
import { crossEntropy, type Loss } from '../nn/loss.js'
import { initialState, type Optimised, type Optimiser } from '../nn/optimiser.js'
import type { Schedule } from '../nn/schedule.js'

/** The recipe of a training run. */
export interface FitOptions {
  readonly epochs: number
  /** Examples a step. Those that fill no last batch sit out that epoch; every epoch has its own shuffle. */
  readonly batch: number
  readonly optimiser: Optimiser
  /** The learning rate of every step. */
  readonly schedule: Schedule
  /** Training inputs are attacked anew at every step; not at all unless given. */
  readonly attack?: Attack
  /** `nn.crossEntropy` unless given. */
  readonly loss?: Loss
  /** Trains m∘θ: a weight whose mask is 0 is 0 from the start and never moves. */
  readonly mask?: Concrete<Weights>
  /** Steps in one program: 1 unless given. More save calls where they are dear; the numbers stay the same. */
  readonly unroll?: number
  /** Inputs whose outputs are recorded along the way, after about equally spaced steps, the last one included. */
  readonly record?: { readonly x: NdArray; readonly checkpoints: number }
  /** Called after every program. */
  readonly observe?: (event: FitEvent) => IO<void>
}

/** Training has reached a step. */
export interface FitEvent {
  /** Steps taken. */
  readonly step: number
  readonly steps: number
  /** Epochs finished. */
  readonly epoch: number
  /** The mean loss of the program's batches, before their steps. */
  readonly loss: number
}

/** What training gives. */
export interface Fitted {
  readonly params: Concrete<Params>
  /** The loss of every step's batch, under attack, before the step. */
  readonly losses: readonly number[]
  /** Outputs on the recorded inputs at each checkpoint. */
  readonly checkpoints: readonly { readonly step: number; readonly outputs: NdArray }[]
}

const whole = (name: string, value: number, least: number): void => {
  if (!(Number.isInteger(value) && value >= least)) {
    fail('ArgumentError', 'train.fit', `a whole number of at least ${least}`, `${value}`, name)
  }
}

/**
 * One step of (adversarial, masked) training as a traced function. The attack is a constant to the gradient;
 * gradients are masked as parameters are, so momentum never reaches a pruned weight.
 */
export const trainStep =
  (
    model: Model<Params>,
    { optimiser, attack = none, loss = crossEntropy }: Pick<FitOptions, 'optimiser' | 'attack' | 'loss'>
  ) =>
  (
    from: Optimised<Params>,
    batch: Batch,
    mask: Weights,
    rate: Tensor,
    key: Key
  ): { readonly to: Optimised<Params>; readonly loss: Tensor } => {
    const { x } = attack(model)(from.params, batch, key)
    const [value, gradient] = valueAndGrad((p: Params) => loss(batch.y)(model(p)(x)))(from.params)
    return { to: optimiser.step(rate)(mask_.apply(mask)(gradient))(from), loss: value }
  }

interface Chunk {
  readonly start: number
  readonly length: number
}

/** The steps of a run, cut into programs: each at most `unroll` long, ending where a checkpoint is due. */
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

const dueSteps = (steps: number, checkpoints: number): ReadonlySet<number> =>
  new Set(Array.from({ length: checkpoints }, (_, i) => Math.round(((i + 1) * steps) / checkpoints)))

type Batches = readonly Required<Batch>[]

/**
 * Trains a model on a set. Same key, same batches and same noise, whatever the mask: runs of several masks compare step
 * by step.
 */
export const fit =
  (model: Model<Params>, options: FitOptions) =>
  (params: Concrete<Params>, data: Dataset, key: HostKey): ReaderTaskEither<Runner, TangentError, Fitted> =>
  (runner) => {
    const { epochs, batch, schedule, unroll = 1, record, mask = [] } = options
    const [forShuffle, forSteps] = split(2)(key)

    const plan = attempt(() => {
      whole('epochs', epochs, 1)
      whole('batch', batch, 1)
      whole('unroll', unroll, 1)
      if (record !== undefined) whole('checkpoints', record.checkpoints, 1)
      // labels of another loss may be anything that it takes
      const count =
        (options.loss ?? crossEntropy) === crossEntropy
          ? labelledCount('train.fit', model, params, data)
          : exampleCount('train.fit', data)
      const rows = shuffledRows(forShuffle, count, batch)
      const steps = epochs * rows.perEpoch
      const due = record === undefined ? new Set<number>() : dueSteps(steps, record.checkpoints)
      return {
        rows,
        steps,
        due,
        chunks: chunksOf(steps, unroll, due),
        start: mask_.applyConcrete(mask)(params)
      }
    })

    const chunk = (
      from: Optimised<Params>,
      batches: Batches,
      m: Weights,
      rates: Tensor,
      k: readonly Key[]
    ) => {
      const step = trainStep(model, options)
      return batches.reduce<{ readonly to: Optimised<Params>; readonly losses: readonly Tensor[] }>(
        ({ to, losses }, each, i) => {
          const next = step(to, each, m, ops.at(0, i)(rates), k[i]!)
          return { to: next.to, losses: [...losses, next.loss] }
        },
        { to: from, losses: [] }
      )
    }
    const outputs = (p: Params, x: Tensor): Tensor => model(p)(x)

    return pipe(
      TE.fromEither(plan),
      TE.bindTo('plan'),
      TE.let('first', ({ plan: { start } }) => ({
        params: start,
        state: initialState(options.optimiser)<Params>(start)
      })),
      TE.let('argumentsOf', ({ plan: { rows, steps } }) => ({ start, length }: Chunk) => {
        const places = Array.from({ length }, (_, j) => start + j)
        return {
          batches: places.map((step) => takeExamples(data, rows.rowsOf(step))),
          rates: of(
            [length],
            Float32Array.from(places, (step) => schedule(step, steps))
          ),
          keys: places.map((step) => fold(step)(forSteps))
        }
      }),
      TE.bind('programs', ({ plan: { chunks }, first, argumentsOf }) => {
        const lengths = [...new Set(chunks.map(({ length }) => length))]
        return pipe(
          lengths,
          TE.traverseSeqArray((length) => {
            const { batches, rates, keys } = argumentsOf({ start: 0, length })
            return pipe(
              runner.compile(chunk, [first, batches, mask, rates, keys]),
              TE.map((program) => [length, program] as const)
            )
          }),
          TE.map((pairs) => new Map(pairs))
        )
      }),
      TE.bind('outputsOf', ({ first }) =>
        record === undefined ? TE.right(undefined) : runner.compile(outputs, [first.params, record.x])
      ),
      TE.flatMap(({ plan: { rows, steps, due, chunks }, first, argumentsOf, programs, outputsOf }) => {
        const losses: number[] = []
        const checkpoints: { readonly step: number; readonly outputs: NdArray }[] = []
        const recordAt = (
          step: number,
          at: Concrete<Optimised<Params>>
        ): TE.TaskEither<TangentError, void> =>
          record !== undefined && outputsOf !== undefined && due.has(step)
            ? pipe(
                outputsOf(at.params, record.x),
                TE.map(({ value }) => void checkpoints.push({ step, outputs: value }))
              )
            : TE.right(undefined)
        const advance = (i: number, at: Concrete<Optimised<Params>>) => {
          const { start, length } = chunks[i]!
          const { batches, rates, keys } = argumentsOf(chunks[i]!)
          return pipe(
            programs.get(length)!(at, batches, mask, rates, keys),
            TE.flatMap(({ value }) => {
              const mine = value.losses.map((loss) => loss.data[0]!)
              losses.push(...mine)
              const step = start + length
              const mean = mine.reduce((a, b) => a + b, 0) / length
              options.observe?.({ step, steps, epoch: Math.floor(step / rows.perEpoch), loss: mean })()
              return pipe(
                recordAt(step, value.to),
                TE.map(() => value.to)
              )
            })
          )
        }
        return pipe(
          first,
          loop(chunks.length, advance),
          TE.map(({ params: final }): Fitted => ({ params: final, losses, checkpoints }))
        )
      })
    )
  }
