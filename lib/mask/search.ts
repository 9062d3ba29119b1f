import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { scalar } from '../core/ndarray.js'
import { sizeOf } from '../core/shape.js'
import { grad } from '../diff/index.js'
import { fold, type Key, split } from '../graph/key.js'
import { loop } from '../graph/loop.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt } from '../graph/trace.js'
import { pgd } from '../attack/pgd.js'
import { type Attack, type Batch, type Dataset, shuffledRows, takeExamples } from '../nn/batch.js'
import { labelledCount } from '../nn/labels.js'
import { type Network, type Params, type Weights, weightsOf } from '../nn/layer.js'
import { adam, initialState, type Optimised } from '../nn/optimiser.js'
import { cosine } from '../nn/schedule.js'
import { countOf, weightShapes } from './density.js'
import { objective, type Objective, type ObjectiveOptions } from './objective.js'
import { scoreOf } from './oneshot.js'
import { sampleOf } from './sample.js'
import { topK } from './topk.js'

/** The recipe of a search. */
export interface SearchOptions extends ObjectiveOptions {
  /** The fraction of weights to keep, over all layers together, in (0, 1]. */
  readonly density: number
  /** The radius of the attack in whose presence the network will be trained. */
  readonly epsilon: number
  /** The attack that makes X̃; PGD-7 with step 2.5 ε/7 and random start unless given. */
  readonly attack?: Attack
  /** Steps of Adam; 300 unless given. 0 gives the mask of the starting scores. */
  readonly steps?: number
  /** Clean and adversarial inputs a step, each this many; 128 unless given. */
  readonly batch?: number
  /** The learning rate at the start of its cosine; .02 unless given, for scores of mean 1. */
  readonly rate?: number
  /** Examples of the kernel-trace score; 512 unless given. */
  readonly samples?: number
  /** Where the scores start; at the kernel-trace score unless given. */
  readonly start?: Concrete<Weights>
  /** Called after every step. */
  readonly observe?: (event: SearchEvent) => IO<void>
}

/** One step of a search. */
export interface SearchEvent {
  readonly step: number
  readonly steps: number
  readonly loss: number
  /** Relative kernel distance of this batch's mask to dense (an estimate, with probes). */
  readonly kernel: number
  /** Relative distance of the outputs. */
  readonly output: number
  /** Weights of each masked layer that entered or left since the last step. */
  readonly flips: readonly number[]
}

/** What a search found: the mask, the scores it comes from, and every step. */
export interface Ticket {
  readonly mask: Concrete<Weights>
  readonly scores: Concrete<Weights>
  readonly history: readonly SearchEvent[]
}

/** What goes from step to step: scores, and what Adam remembers of them. */
type SearchState = Optimised<Weights>

const optimiser = adam()

/** One step as a traced function: the mask, how it does, and the scores after it. */
const searchStep =
  (network: Network, attack: Attack, k: number, options: ObjectiveOptions) =>
  (from: SearchState, params: Params, clean: Tensor, attacked: Required<Batch>, rate: Tensor, key: Key) => {
    const [forAttack, forProbes] = split(2)(key)
    const adversarial = attack(network.apply)(params, attacked, forAttack).x
    const terms = (scores: Weights): Objective =>
      objective(network.apply, options)(topK(k)(scores), params, clean, adversarial, forProbes)
    const gradient = grad((scores: Weights) => terms(scores).loss)(from.params)
    return {
      to: optimiser.step(rate)(gradient)(from),
      terms: terms(from.params),
      mask: topK(k)(from.params)
    }
  }

/** Entries of each masked layer in which two masks differ; none where there was no mask before. */
const flipsBetween = (before: Concrete<Weights> | undefined, after: Concrete<Weights>): readonly number[] =>
  after.flatMap(({ w }, l) => {
    const old = before?.[l]?.w
    if (w === undefined) return []
    return [old === undefined ? 0 : w.data.filter((m, i) => m !== old.data[i]).length]
  })

/** Where a search stands. */
interface Progress {
  readonly at: Concrete<SearchState>
  readonly mask: Concrete<Weights> | undefined
  readonly history: readonly SearchEvent[]
}

const check = ({ epsilon, gamma = 1, c = 1, steps = 300, batch = 128, rate = 0.02 }: SearchOptions): void => {
  const numbers: readonly (readonly [string, number])[] = [
    ['epsilon', epsilon],
    ['gamma', gamma],
    ['c', c],
    ['rate', rate]
  ]
  for (const [name, value] of numbers) {
    if (!(Number.isFinite(value) && value >= 0))
      fail('ArgumentError', 'mask.search', 'a finite number of at least 0', `${value}`, name)
  }
  if (!(Number.isInteger(steps) && steps >= 0))
    fail('ArgumentError', 'mask.search', 'a whole number of steps', `${steps}`, 'steps')
  if (!(Number.isInteger(batch) && batch >= 1))
    fail('ArgumentError', 'mask.search', 'a batch of at least 1', `${batch}`, 'batch')
}

/**
 * The search for an adversarial winning ticket: a mask whose network has the dense network's outputs and mixed
 * tangent kernel on attacked inputs at initialisation, and so its adversarial training dynamics (arXiv:2202.06488).
 * Weights stay where they are; scores learn through a straight-through global top-k. The whole step (attack on the
 * dense network, both sides, gradient, Adam) is one program, compiled once. Each step takes new examples, half of
 * them clean and half to be attacked; a set of fewer than two batches is halved.
 */
export const search =
  (network: Network, options: SearchOptions) =>
  (params: Concrete<Params>, data: Dataset, key: HostKey): ReaderTaskEither<Runner, TangentError, Ticket> =>
  (runner) => {
    const { density, epsilon, steps = 300, batch = 128, rate = 0.02, samples = 512 } = options
    const attack = options.attack ?? pgd({ epsilon, steps: 7, stepSize: (2.5 * epsilon) / 7 })
    const [forSample, forScore, forShuffle, forSteps] = split(4)(key)

    const plan = attempt(() => {
      check(options)
      const sizes = weightShapes(weightsOf(params)).map(sizeOf)
      const count = labelledCount('mask.search', network.apply, params, data)
      const half = Math.min(batch, Math.floor(count / 2))
      const rows = shuffledRows(forShuffle, count, 2 * half)
      return {
        k: countOf(
          'mask.search',
          density,
          sizes.reduce((a, b) => a + b, 0)
        ),
        sample: sampleOf(data, count, samples, forSample),
        argumentsOf: (step: number) => {
          const chosen = rows.rowsOf(step)
          return [
            params,
            takeExamples(data, chosen.slice(0, half)).x,
            takeExamples(data, chosen.slice(half)),
            scalar(cosine(rate)(step, steps)),
            fold(step)(forSteps)
          ] as const
        }
      }
    })

    const startFrom = (sample: Concrete<Required<Batch>>): TE.TaskEither<TangentError, Concrete<Weights>> =>
      options.start === undefined
        ? pipe(
            runner.compile(scoreOf(network, 'kernelTrace', epsilon), [params, sample, forScore]),
            TE.flatMap((program) => program(params, sample, forScore)),
            TE.map(({ value }) => value)
          )
        : TE.right(options.start)

    return pipe(
      TE.fromEither(plan),
      TE.bindTo('plan'),
      TE.bind('scores', ({ plan: { sample } }) => startFrom(sample)),
      TE.let('first', ({ scores }) => ({
        params: scores,
        state: initialState(optimiser)<Weights>(scores)
      })),
      TE.bind('step', ({ plan: { k, argumentsOf }, first }) =>
        runner.compile(searchStep(network, attack, k, options), [first, ...argumentsOf(0)])
      ),
      TE.bind('found', ({ plan: { argumentsOf }, first, step: program }) => {
        const advance = (step: number, before: Progress) =>
          pipe(
            program(before.at, ...argumentsOf(step)),
            TE.map(({ value: { to, terms, mask } }): Progress => {
              const event: SearchEvent = {
                step,
                steps,
                loss: terms.loss.data[0]!,
                kernel: Math.sqrt(terms.kernel.data[0]!),
                output: Math.sqrt(terms.output.data[0]!),
                flips: flipsBetween(before.mask, mask)
              }
              options.observe?.(event)()
              return { at: to, mask, history: [...before.history, event] }
            })
          )
        return loop(steps, advance)({ at: first, mask: undefined, history: [] })
      }),
      TE.flatMap(({ plan: { k }, found: { at, history } }) =>
        pipe(
          runner.compile((s: Weights) => topK(k)(s), [at.params]),
          TE.flatMap((program) => program(at.params)),
          TE.map(({ value }): Ticket => ({ mask: value, scores: at.params, history }))
        )
      )
    )
  }
