import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { isNdArray, type NdArray, of, scalar } from '../core/ndarray.js'
import { pairs } from '../core/tree.js'
import { fold, split } from '../graph/key.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import { type Dataset, shuffledRows, takeExamples } from '../nn/batch.js'
import { labelledCount } from '../nn/labels.js'
import type { Network, Params, Weights } from '../nn/layer.js'
import { adam, initialState } from '../nn/optimiser.js'
import { cosine } from '../nn/schedule.js'
import { fingerprintFunction, fingerprint } from '../checkpoint/fingerprint.js'
import { runSteps } from '../checkpoint/run-steps.js'
import { emptyLayers } from './choose.js'
import { maskedLeaves } from './masked-leaves.js'
import { checkLearn, type LearnOptions, type LearnResult } from './learn-options.js'
import { loadProgress, places, type Progress, saveProgress } from './learn-progress.js'
import { type LearnState, learnStep } from './learn-step.js'

/** Entries of each leaf in which two masks differ; none where there was no mask before. */
const flipsBetween = (before: Concrete<Weights> | undefined, after: Concrete<Weights>): readonly number[] => {
  const old = maskedLeaves(before ?? after)
  return maskedLeaves(after).map(({ data }, l) => data.filter((m, i) => m !== old[l]!.data[i]).length)
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
  ): ReaderTaskEither<Runner, TangentError, LearnResult> =>
  (runner) => {
    const { start, steps, batch, rate, parametrisation, trajectory = [] } = options
    const { optimiser = adam(), weights = 'frozen' } = options
    const rateAt = typeof rate === 'number' ? cosine(rate) : rate

    const plan = attempt(() => {
      checkLearn(operation, options)
      pairs(operation, isNdArray, params, start)
      const count = labelledCount(operation, network.apply, params, data)
      const half = Math.min(batch, Math.floor(count / 2))
      const rows = shuffledRows(keys.shuffle, count, 2 * half)
      return (step: number) => {
        const chosen = rows.rowsOf(step)
        return [
          params,
          trajectory,
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
        runSteps<Progress>({
          kind: operation,
          settings:
            options.checkpoint === undefined
              ? {}
              : {
                  step: fingerprintFunction(learnStep(network, options), [first, ...argumentsOf(0)]),
                  steps: String(steps),
                  batch: String(batch),
                  rate: fingerprint([
                    of(
                      [steps],
                      places(steps).map((i) => rateAt(i, steps))
                    )
                  ]),
                  start: fingerprint(start),
                  params: fingerprint(params),
                  along: fingerprint(trajectory),
                  data: fingerprint({ x: data.x, y: data.y }),
                  shuffle: fingerprint([keys.shuffle]),
                  draws: fingerprint([keys.steps])
                },
          count: steps,
          first: { at: first, mask: undefined, history: [] },
          checkpoint: options.checkpoint,
          stop: options.stop,
          encode: saveProgress,
          decode: loadProgress(first, start, steps),
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
      TE.flatMap(({ state: { at, history } }) =>
        pipe(
          runner.compile((s: Weights) => parametrisation.hard(s), [at.scores.params]),
          TE.flatMap((program) => program(at.scores.params)),
          TE.map(({ value }): LearnResult => ({
            mask: value,
            emptyLayers: emptyLayers(value),
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
  (
    params: Concrete<Params>,
    data: Dataset,
    key: HostKey
  ): ReaderTaskEither<Runner, TangentError, LearnResult> => {
    const [shuffle, steps] = split(2)(key)
    return learnFrom(network, options, 'mask.learn')(params, data, { shuffle, steps })
  }
