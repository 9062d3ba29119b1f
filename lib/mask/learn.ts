import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { type NdArray, of, scalar } from '../core/ndarray.js'
import { grad } from '../diff/index.js'
import { fold, type Key, split } from '../graph/key.js'
import * as ops from '../graph/ops/index.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import { attempt } from '../graph/trace.js'
import { type Attack, type Batch, type Dataset, shuffledRows, takeExamples } from '../nn/batch.js'
import { labelledCount } from '../nn/labels.js'
import type { Network, Params, Weights } from '../nn/layer.js'
import { adam, initialState, type Optimised, type Optimiser } from '../nn/optimiser.js'
import { cosine, type Schedule } from '../nn/schedule.js'
import { ofFunction, ofValues } from '../resume/settings.js'
import { type KeepEvery, takeSteps } from '../resume/steps.js'
import { apply } from './apply.js'
import { load, save } from './history.js'
import type { Parametrisation } from './parametrisation.js'

/** What a mask is judged on at one step. All of it is traced, so that an objective is an ordinary function. */
export interface Trial {
  /** The mask as it is learnt, through which the scores have a gradient. */
  readonly mask: Weights
  /** The weights under the mask: the dense network's, or where they have moved to. */
  readonly params: Params
  /** The dense network at initialisation. */
  readonly dense: Params
  /** Inputs as they are, [n, …]. */
  readonly clean: Tensor
  /** Other examples under attack. */
  readonly adversarial: Required<Batch>
  readonly key: Key
}

/** What is minimised, and whatever else is to be told of a step: scalars by name. */
export type Terms = { readonly loss: Tensor } & { readonly [term: string]: Tensor }

/** What a search minimises; anything composed of traced functions will do. */
export type MaskObjective = (trial: Trial) => Terms

/** Weights that move while the mask is learnt. */
export interface Moving {
  /** Their learning rate as a multiple of the scores'. */
  readonly rate: number
  /**
   * A trust region: each leaf of the parameters stays within this distance of where it started, relative to its norm
   * there. Unbounded unless given.
   */
  readonly radius?: number
}

/** How a mask is learnt. */
export interface LearnOptions {
  readonly objective: MaskObjective
  readonly parametrisation: Parametrisation
  /** Where the scores start. */
  readonly start: Concrete<Weights>
  /** The attack on half of the examples. */
  readonly attack: Attack
  /** The network that it attacks: the `dense` one (the default), or the `sparse` one under the mask of the step. */
  readonly against?: 'dense' | 'sparse'
  /** Adam unless given. */
  readonly optimiser?: Optimiser
  readonly steps: number
  /** Clean and attacked examples a step, each this many. */
  readonly batch: number
  /** The learning rate of every step; a number is the start of a cosine to 0. */
  readonly rate: number | Schedule
  /** `frozen` unless given. */
  readonly weights?: 'frozen' | Moving
  /** Called after every step. */
  readonly observe?: (event: LearnEvent) => IO<void>
  /** Asked after every step: true ends the search there, with the mask of the scores so far. */
  readonly stop?: IO<boolean>
  /** Where the search is kept, from which it goes on bit for bit; nowhere unless given. */
  readonly keep?: KeepEvery
}

/** One step. */
export interface LearnEvent {
  readonly step: number
  readonly steps: number
  /** The objective's scalars by name, `loss` among them, before the step. */
  readonly terms: Readonly<Record<string, number>>
  /** Weights of each masked layer that entered or left the hard mask since the last step. */
  readonly flips: readonly number[]
}

/** What was learnt. */
export interface Learnt {
  /** The hard mask of the scores at the end. */
  readonly mask: Concrete<Weights>
  readonly scores: Concrete<Weights>
  /** The weights at the end: as they were, unless they move. */
  readonly params: Concrete<Params>
  readonly history: readonly LearnEvent[]
}

/** What goes from step to step; weights only where they move. */
type LearnState = { readonly scores: Optimised<Weights>; readonly weights?: Optimised<Params> }

/** A leaf brought back into its trust region. */
const within =
  (radius: number) =>
  (at: Tensor, start: Tensor): Tensor => {
    const moved = ops.sub(start)(at)
    const norm = (x: Tensor): Tensor => ops.sqrt(ops.dot(x)(x))
    // a leaf of zeros has no size of its own and stays
    const room = ops.scale(radius)(norm(start))
    const shrink = ops.min(1)(ops.div(ops.max(1e-30)(norm(moved)))(room))
    return ops.add(ops.mul(shrink)(moved))(start)
  }

/** One step as a traced function: the terms, the hard mask, and the state after it. */
const learnStep =
  (network: Network, { objective, parametrisation, attack, ...options }: LearnOptions) =>
  (
    from: LearnState,
    dense: Params,
    clean: Tensor,
    attacked: Required<Batch>,
    rate: Tensor,
    progress: Tensor,
    key: Key
  ) => {
    const { against = 'dense', optimiser = adam(), weights = 'frozen' } = options
    const [forAttack, forObjective] = split(2)(key)
    const scores = from.scores.params
    const start = from.weights?.params ?? dense
    const maskOf = (s: Weights): Weights => parametrisation.soft(s, progress, fold(0)(key))
    const target = against === 'dense' ? dense : tree.map(ops.stopGradient)(apply(maskOf(scores))(start))
    const { x } = attack(network.apply)(target, attacked, forAttack)
    const terms = (s: Weights, params: Params): Terms =>
      objective({ mask: maskOf(s), params, dense, clean, adversarial: { ...attacked, x }, key: forObjective })
    const next = (): LearnState => {
      const { step } = optimiser
      if (weights === 'frozen' || from.weights === undefined)
        return { scores: step(rate)(grad((s: Weights) => terms(s, start).loss)(scores))(from.scores) }
      const [byScores, byWeights] = grad(([s, params]: readonly [Weights, Params]) => terms(s, params).loss)([
        scores,
        start
      ])
      const moved = step(ops.scale(weights.rate)(rate))(byWeights)(from.weights)
      return {
        scores: step(rate)(byScores)(from.scores),
        weights:
          weights.radius === undefined
            ? moved
            : { ...moved, params: tree.zipWith(dense, within(weights.radius))(moved.params) }
      }
    }
    return { to: next(), terms: terms(scores, start), mask: parametrisation.hard(scores) }
  }

/** Entries of each masked layer in which two masks differ; none where there was no mask before. */
const flipsBetween = (before: Concrete<Weights> | undefined, after: Concrete<Weights>): readonly number[] =>
  after.flatMap(({ w }, l) => {
    const old = before?.[l]?.w
    if (w === undefined) return []
    return [old === undefined ? 0 : w.data.filter((m, i) => m !== old.data[i]).length]
  })

/** Where a search stands: the state, the hard mask of its last step (none at first), and every step so far. */
interface Progress {
  readonly at: Concrete<LearnState>
  readonly mask: Concrete<Weights> | undefined
  readonly history: readonly LearnEvent[]
}

const saveProgress = ({ at, mask, history }: Progress): Readonly<Record<string, NdArray>> =>
  save(mask === undefined ? { at } : { at, mask }, {
    flips: history.map(({ flips }) => flips),
    ...Object.fromEntries(
      Object.keys(history[0]?.terms ?? {}).map((name) => [
        `terms.${name}`,
        history.map(({ terms }) => [terms[name]!])
      ])
    )
  })

const loadProgress =
  (first: Concrete<LearnState>, start: Concrete<Weights>, steps: number) =>
  (tensors: Readonly<Record<string, NdArray>>, position: number): Progress => {
    const { state, columns } = load(position === 0 ? { at: first } : { at: first, mask: start })(tensors)
    const { flips = [], ...terms } = columns
    const termsAt = (step: number): Readonly<Record<string, number>> =>
      Object.fromEntries(
        Object.entries(terms).map(([name, rows]) => [name.slice('terms.'.length), rows[step]![0]!])
      )
    return {
      at: state.at,
      mask: 'mask' in state ? state.mask : undefined,
      history: places(position).map((step) => ({
        step,
        steps,
        terms: termsAt(step),
        flips: flips[step] ?? []
      }))
    }
  }

const places = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

const check = (operation: string, { steps, batch, rate, weights = 'frozen' }: LearnOptions): void => {
  const least = (name: string, value: number): unknown =>
    Number.isFinite(value) && value >= 0
      ? value
      : fail('ArgumentError', operation, 'a finite number of at least 0', `${value}`, name)
  if (typeof rate === 'number') least('rate', rate)
  if (weights !== 'frozen') {
    least('weights.rate', weights.rate)
    least('weights.radius', weights.radius ?? 0)
  }
  if (!(Number.isInteger(steps) && steps >= 0))
    fail('ArgumentError', operation, 'a whole number of steps', `${steps}`, 'steps')
  if (!(Number.isInteger(batch) && batch >= 1))
    fail('ArgumentError', operation, 'a batch of at least 1', `${batch}`, 'batch')
}

const numbersOf = (terms: Readonly<Record<string, NdArray>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(terms).map(([name, value]) => [name, value.data[0]!]))

/** Where the randomness of a search comes from. */
export interface LearnKeys {
  /** The order of the examples. */
  readonly shuffle: HostKey
  /** What each step draws: its attack's noise, its probes. */
  readonly steps: HostKey
}

/** As {@link learn}, with the keys of its parts given, and under the name of another operation in errors. */
export const learnFrom =
  (network: Network, options: LearnOptions, operation: string) =>
  (
    params: Concrete<Params>,
    data: Dataset,
    keys: LearnKeys
  ): ReaderTaskEither<Runner, TangentError, Learnt> =>
  (runner) => {
    const { start, steps, batch, rate, parametrisation, optimiser = adam(), weights = 'frozen' } = options
    const rateAt = typeof rate === 'number' ? cosine(rate) : rate

    const plan = attempt(() => {
      check(operation, options)
      const count = labelledCount(operation, network.apply, params, data)
      const half = Math.min(batch, Math.floor(count / 2))
      const rows = shuffledRows(keys.shuffle, count, 2 * half)
      return (step: number) => {
        const chosen = rows.rowsOf(step)
        return [
          params,
          takeExamples(data, chosen.slice(0, half)).x,
          takeExamples(data, chosen.slice(half)),
          scalar(rateAt(step, steps)),
          scalar(step / Math.max(1, steps - 1)),
          fold(step)(keys.steps)
        ] as const
      }
    })
    const first: Concrete<LearnState> = {
      scores: { params: start, state: initialState(optimiser)<Weights>(start) },
      ...(weights === 'frozen' ? {} : { weights: { params, state: initialState(optimiser)<Params>(params) } })
    }

    return pipe(
      TE.fromEither(plan),
      TE.bindTo('argumentsOf'),
      TE.bind('program', ({ argumentsOf }) =>
        runner.compile(learnStep(network, options), [first, ...argumentsOf(0)])
      ),
      TE.flatMap(({ argumentsOf, program }) =>
        takeSteps<Progress>({
          kind: operation,
          settings:
            options.keep === undefined
              ? {}
              : {
                  step: ofFunction(learnStep(network, options), [first, ...argumentsOf(0)]),
                  steps: String(steps),
                  batch: String(batch),
                  rate: ofValues([
                    of(
                      [steps],
                      places(steps).map((i) => rateAt(i, steps))
                    )
                  ]),
                  start: ofValues(start),
                  params: ofValues(params),
                  data: ofValues({ x: data.x, y: data.y }),
                  shuffle: ofValues([keys.shuffle]),
                  draws: ofValues([keys.steps])
                },
          count: steps,
          first: { at: first, mask: undefined, history: [] },
          keep: options.keep,
          stop: options.stop,
          save: saveProgress,
          load: loadProgress(first, start, steps),
          take: (step, before) =>
            pipe(
              program(before.at, ...argumentsOf(step)),
              TE.map(({ value: { to, terms, mask }, executed }) => {
                const event = { step, steps, terms: numbersOf(terms), flips: flipsBetween(before.mask, mask) }
                options.observe?.(event)()
                return { executed, state: { at: to, mask, history: [...before.history, event] } }
              })
            )
        })
      ),
      TE.flatMap(({ at, history }) =>
        pipe(
          runner.compile((s: Weights) => parametrisation.hard(s), [at.scores.params]),
          TE.flatMap((program) => program(at.scores.params)),
          TE.map(({ value }): Learnt => ({
            mask: value,
            scores: at.scores.params,
            params: at.weights?.params ?? params,
            history
          }))
        )
      )
    )
  }

/**
 * Learns a mask: scores descend an objective through a parametrisation of the mask. The whole step (attack, objective,
 * gradient, optimiser) is one program, compiled once. Each step takes new examples, half of them clean and half to be
 * attacked; a set of fewer than two batches is halved. Every search of the library is this with an objective of its own.
 */
export const learn =
  (network: Network, options: LearnOptions) =>
  (params: Concrete<Params>, data: Dataset, key: HostKey): ReaderTaskEither<Runner, TangentError, Learnt> => {
    const [shuffle, steps] = split(2)(key)
    return learnFrom(network, options, 'mask.learn')(params, data, { shuffle, steps })
  }
