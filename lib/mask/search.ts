import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { type NdArray, scalar } from '../core/ndarray.js'
import { sizeOf } from '../core/shape.js'
import { valueAndGrad } from '../diff/index.js'
import { fold, type Key, split } from '../graph/key.js'
import { loop } from '../graph/loop.js'
import * as ops from '../graph/ops/index.js'
import * as random from '../graph/random.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt } from '../graph/trace.js'
import { pgd } from '../attack/pgd.js'
import {
  type Attack,
  type Batch,
  type Dataset,
  exampleCount,
  type Model,
  shuffledRows,
  takeExamples
} from '../nn/batch.js'
import { type Network, type Params, type Weights, weightsOf } from '../nn/layer.js'
import { adam, initialState, type OptimiserState } from '../nn/optimiser.js'
import { cosine } from '../nn/schedule.js'
import { empiricalNtk, ntkVectorProduct } from '../ntk/index.js'
import { apply } from './apply.js'
import { countOf, weightShapes } from './density.js'
import { sampleOf, scoreOf } from './oneshot.js'
import { topK } from './topk.js'

/** What the search minimises, as a function of the mask. */
export interface ObjectiveOptions {
  /** Weight of the kernel term; 1 unless given. */
  readonly gamma?: number
  /** Weight of the output term; 0 unless given. */
  readonly c?: number
  /**
   * `probes`: Rademacher vectors V stand in for the kernel, E‖(Θₛ − Θ)V‖² = ‖Θₛ − Θ‖²_F, so that neither kernel nor Jacobian is
   * formed (the default); `explicit`: the kernel itself, for small batches.
   */
  readonly kernel?: 'probes' | 'explicit'
  /** Whether distances are divided by the dense network's size; true unless given, or γ and c depend on that size. */
  readonly relative?: boolean
}

/** The terms of the search's loss, scalars. Kernel and output distances are squared and relative to the dense network. */
export type Objective = { readonly loss: Tensor; readonly kernel: Tensor; readonly output: Tensor }

const squaredDistance = (a: Tensor, b: Tensor, relative: boolean): Tensor => {
  const d = ops.sub(b)(a)
  return relative ? ops.div(ops.dot(b)(b))(ops.dot(d)(d)) : ops.dot(d)(d)
}

/**
 * γ ‖T_m − T‖²/‖T‖² + c ‖f(m∘θ, X̃) − f(θ, X̃)‖²/‖f(θ, X̃)‖², where T is the mixed kernel Θ(X, X̃) of the dense network (times probes) and
 * T_m that of the masked one in its linear form, J diag(m) Jᵀ at m∘θ, through which pruned weights have a gradient. X̃ is the
 * same on both sides.
 */
export const objective =
  (model: Model<Params>, { gamma = 1, c = 0, kernel = 'probes', relative = true }: ObjectiveOptions = {}) =>
  (mask: Weights, params: Params, x: Tensor, adversarial: Tensor, key: Key): Objective => {
    const dense = model(params)(adversarial)
    const outputs = model(apply(mask)(params))(adversarial)
    const probes = kernel === 'probes' ? random.rademacher(dense.shape)(key) : undefined
    const transfer = (m?: Weights): Tensor =>
      probes === undefined
        ? empiricalNtk(model, { mask: 'linear' })(params, x, adversarial, m)
        : ntkVectorProduct(model, { mask: 'linear' })(params, x, adversarial, probes, m)
    const terms = {
      kernel: squaredDistance(transfer(mask), transfer(), relative),
      output: squaredDistance(outputs, dense, relative)
    }
    return { ...terms, loss: ops.add(ops.scale(c)(terms.output))(ops.scale(gamma)(terms.kernel)) }
  }

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

export interface Ticket {
  readonly mask: Concrete<Weights>
  readonly scores: Concrete<Weights>
  readonly history: readonly SearchEvent[]
}

/** What goes from step to step. */
type SearchState = { readonly scores: Weights; readonly adam: OptimiserState<Weights> }

const adamOptimiser = adam()

const flipsBetween = (a: Concrete<Weights> | undefined, b: Concrete<Weights>): readonly number[] =>
  b.flatMap(({ w }, l) => {
    const before = a?.[l]?.w
    return w === undefined ? [] : [before === undefined ? 0 : countDifferent(before, w)]
  })

const countDifferent = (a: NdArray, b: NdArray): number => {
  let count = 0
  for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) count++
  return count
}

const check = ({ epsilon, gamma = 1, c = 0, steps = 300, batch = 128, rate = 0.02 }: SearchOptions): void => {
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
 * The search for an adversarial winning ticket: a mask whose network has the dense network's outputs and mixed tangent
 * kernel on attacked inputs at initialisation, and so its adversarial training dynamics (arXiv:2202.06488). Weights stay where they
 * are; scores learn through a straight-through global top-k. The whole step (attack on the dense network, both
 * sides, gradient, Adam) is one program, compiled once.
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
      const total = weightShapes(weightsOf(params))
        .map(sizeOf)
        .reduce((a, b) => a + b, 0)
      const half = Math.min(batch, Math.floor(exampleCount('mask.search', data) / 2))
      return {
        k: countOf('mask.search', density, total),
        half,
        rows: shuffledRows(forShuffle, exampleCount('mask.search', data), 2 * half),
        sample: sampleOf(data, samples, forSample)
      }
    })

    const startScores = (
      sample: Concrete<Required<Batch>>
    ): TE.TaskEither<TangentError, Concrete<Weights>> =>
      options.start === undefined
        ? pipe(
            runner.compile(scoreOf(network, 'kernelTrace', epsilon), [params, sample, forScore]),
            TE.flatMap((program) => program(params, sample, forScore)),
            TE.map(({ value }) => value)
          )
        : TE.right(options.start)

    const stepOf =
      (k: number) =>
      (state: SearchState, p: Params, clean: Tensor, other: Required<Batch>, at: Tensor, stepKey: Key) => {
        const [forAttack, forProbes] = split(2)(stepKey)
        const adversarial = attack(network.apply)(p, other, forAttack).x
        const terms = (scores: Weights): Objective =>
          objective(network.apply, options)(topK(k)(scores), p, clean, adversarial, forProbes)
        const gradient = valueAndGrad((scores: Weights) => terms(scores).loss)(state.scores)[1]
        const next = adamOptimiser.step(at)(gradient)({ params: state.scores, state: state.adam })
        const after: SearchState = { scores: next.params, adam: next.state }
        return { state: after, terms: terms(state.scores), mask: topK(k)(state.scores) }
      }

    return pipe(
      TE.fromEither(plan),
      TE.bindTo('plan'),
      TE.bind('start', ({ plan: { sample } }) => startScores(sample)),
      TE.flatMap(({ plan: { k, half, rows }, start }) => {
        const argumentsOf = (step: number) => {
          const chosen = rows.rowsOf(step)
          return {
            clean: takeExamples(data, chosen.slice(0, half)).x,
            other: takeExamples(data, chosen.slice(half)),
            at: scalar(cosine(rate)(step, steps)),
            stepKey: fold(step)(forSteps)
          }
        }
        interface Progress {
          readonly state: Concrete<SearchState>
          readonly mask: Concrete<Weights> | undefined
          readonly history: readonly SearchEvent[]
        }
        const first: Progress = {
          state: { scores: start, adam: initialState(adamOptimiser)<Weights>(start) },
          mask: undefined,
          history: []
        }
        const example = argumentsOf(0)
        const history: SearchEvent[] = []
        const run =
          steps === 0
            ? TE.right(first)
            : pipe(
                runner.compile(stepOf(k), [
                  first.state,
                  params,
                  example.clean,
                  example.other,
                  example.at,
                  example.stepKey
                ]),
                TE.flatMap((program) =>
                  loop(steps, (step, before: Progress) => {
                    const { clean, other, at, stepKey } = argumentsOf(step)
                    return pipe(
                      program(before.state, params, clean, other, at, stepKey),
                      TE.map(({ value: { state, terms, mask } }) => {
                        const event: SearchEvent = {
                          step,
                          steps,
                          loss: terms.loss.data[0]!,
                          kernel: Math.sqrt(terms.kernel.data[0]!),
                          output: Math.sqrt(terms.output.data[0]!),
                          flips: flipsBetween(before.mask, mask)
                        }
                        options.observe?.(event)()
                        history.push(event)
                        return { state, mask, history }
                      })
                    )
                  })(first)
                )
              )
        return pipe(
          run,
          TE.flatMap(({ state: { scores }, history: events }) =>
            pipe(
              runner.compile((s: Weights) => topK(k)(s), [scores]),
              TE.flatMap((program) => program(scores)),
              TE.map(({ value }): Ticket => ({ mask: value, scores, history: events }))
            )
          )
        )
      })
    )
  }
