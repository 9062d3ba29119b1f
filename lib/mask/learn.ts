import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  append,
  type Columns,
  decodeState,
  encodeState,
  entriesOf,
  type Log,
  type Resumable
} from '../checkpoint/run-state.js'
import { entry } from '../core/entry.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { fingerprint, fingerprintFunction, type Settings } from '../checkpoint/fingerprint.js'
import { runSteps } from '../checkpoint/run-steps.js'
import type { HostKey } from '../core/key.js'
import { isNdArray, type NdArray, of, scalar } from '../core/ndarray.js'
import { leaves, pairs } from '../core/tree.js'
import { fold, split } from '../graph/key.js'
import type { Effect } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import { labelledCount, requireInBox, shuffledRows, takeExamples } from '../nn/batch.js'
import type { Dataset } from '../nn/model.js'
import type { NetworkLike } from '../nn/layer.js'
import { adam, initialState, sgd } from '../nn/optimiser.js'
import { cosine } from '../nn/schedule.js'
import type { Weights } from '../nn/weights.js'
import {
  checkLearn,
  type KeysOf,
  type LearnEvent,
  type LearnOptions,
  type LearnResult,
  type LearnState,
  learnStep
} from './learn-step.js'
import { emptyLayers } from './masked-leaves.js'
import { requireScores } from './top-k.js'
import { ofNetwork, onData } from '../nn/require.js'

/** A search between two steps: the state, the hard mask of the last step (none at first), and every step so far. */
interface Search<P> {
  readonly at: Concrete<LearnState<P>>
  readonly mask: Concrete<Weights<P>> | undefined
  readonly history: Log<LearnEvent>
}

const places = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

const [FLIPS, TERMS] = ['column.flips', 'column.terms.']

/** How a search becomes named tensors and back. */
const searchCodec = <P>(
  first: Concrete<LearnState<P>>,
  start: Concrete<Weights<P>>,
  steps: number
): Pick<Resumable<Search<P>>, 'encode' | 'decode'> => ({
  encode: ({ at, mask, history }) => {
    const events = entriesOf(history)
    const terms = Object.keys(events[0]?.terms ?? {}).map(
      (name) => [`${TERMS}${name}`, events.map((event) => [event.terms[name]!])] as const
    )
    const columns: Columns = { [FLIPS]: events.map(({ flips }) => flips), ...Object.fromEntries(terms) }
    return encodeState({ state: mask === undefined ? { at } : { at, mask } }, columns)
  },
  decode: (tensors, position) => {
    const names = Object.keys(tensors).filter((name) => name === FLIPS || name.startsWith(TERMS))
    const like = { state: position === 0 ? { at: first } : { at: first, mask: start } }
    const { trees, columns } = decodeState(
      like,
      Object.fromEntries(names.map((name) => [name, position]))
    )(tensors)
    const { [FLIPS]: flips = [], ...terms } = columns
    const termsAt = (step: number): LearnEvent['terms'] =>
      Object.fromEntries(
        Object.entries(terms).map(([name, rows]) => [name.slice(TERMS.length), rows[step]![0]!])
      )
    const events = places(position).map((step) => ({
      step,
      steps,
      terms: termsAt(step),
      flips: flips[step] ?? []
    }))
    return {
      at: trees.state.at,
      mask: 'mask' in trees.state ? trees.state.mask : undefined,
      history: append(undefined, events)
    }
  }
})

/** Entries of each leaf in which two masks differ; none where there was no mask before. */
const flipsBetween = <C>(before: C | undefined, after: C): readonly number[] => {
  const old = leaves('mask', isNdArray, before ?? after)
  return leaves('mask', isNdArray, after).map(({ value: { data } }, l) => {
    const was = old[l]!.value.data
    let flips = 0
    for (let i = 0; i < data.length; i++) if (data[i] !== was[i]) flips++
    return flips
  })
}

const numbersOf = (terms: Readonly<Record<string, NdArray>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(terms).map(([name, value]) => [name, value.data[0]!]))

/** What a search of the library fixes of {@link learn}. */
export interface LearnRun {
  /** Its name in errors and checkpoints. */
  readonly operation: string
  /** The order of the examples. */
  readonly shuffle: HostKey
  /** What each step draws: its attack's noise, its probes. */
  readonly draws: HostKey
  /** @defaultValue two keys split off */
  readonly keysOf?: KeysOf
}

/** The arguments of each step but its state; refuses what makes no search. */
const planOf = <P>(
  network: NetworkLike<P>,
  options: LearnOptions<P>,
  params: Concrete<P>,
  data: Dataset,
  { operation, shuffle, draws }: LearnRun
) => {
  const { start, steps, batch, rate, rescoring, trajectory = [] } = options
  checkLearn(operation, options)
  pairs(operation, isNdArray, params, start)
  const rateAt = typeof rate === 'number' ? cosine(rate) : rate
  const count = labelledCount(operation, network.apply, params, data, { targets: true })
  requireInBox(operation, options.attack, data.x)
  const half = Math.min(batch, Math.floor(count / 2))
  const rows = shuffledRows(operation, shuffle, count, 2 * half)
  const settings = (step: string): Settings => ({
    step,
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
    shuffle: fingerprint([shuffle]),
    draws: fingerprint([draws]),
    ...(rescoring && { refresh: String(rescoring.steps) })
  })
  const argumentsOf = (step: number) => {
    const chosen = rows.rowsOf(step)
    return [
      params,
      trajectory,
      takeExamples(data, chosen.slice(0, half)).x,
      takeExamples(data, chosen.slice(half)),
      scalar(rateAt(step, steps)),
      scalar(step / Math.max(1, steps - 1)),
      fold(step)(draws)
    ] as const
  }
  return { settings, argumentsOf }
}

/** The state before the first step. Scores that are not learnt need no state of an optimiser. */
const firstOf = <P>(
  { start, optimiser = adam(), weights = 'frozen', rescoring }: LearnOptions<P>,
  params: Concrete<P>
): Concrete<LearnState<P>> => ({
  scores: {
    params: start,
    state: initialState(rescoring === undefined ? optimiser : sgd)<Weights<P>>(start)
  },
  ...(weights === 'frozen' ? {} : { weights: { params, state: initialState(optimiser)<P>(params) } })
})

/** As {@link learn}, for a search with an objective of its own. */
export const learnFrom =
  <P>(network: NetworkLike<P>, options: LearnOptions<P>) =>
  (params: Concrete<P>, data: Dataset, run: LearnRun): Effect<LearnResult<P>> =>
  (runner) => {
    const { steps, parametrisation, rescoring, start } = options
    const step = learnStep(network, options, run.keysOf)
    const first = firstOf(options, params)
    const rescored = (at: Concrete<LearnState<P>>): Concrete<LearnState<P>> =>
      rescoring === undefined || at.weights === undefined
        ? at
        : { ...at, scores: { ...at.scores, params: rescoring.scores(at.weights.params) } }
    const isDue = (position: number): boolean =>
      rescoring !== undefined && position > 0 && position % rescoring.steps === 0

    return pipe(
      TE.fromEither(attempt(() => planOf(network, options, params, data, run))),
      TE.bindTo('plan'),
      TE.bind('program', ({ plan }) => runner.compile(step, [first, ...plan.argumentsOf(0)])),
      TE.bind('settings', ({ plan }) =>
        TE.fromEither(
          attempt(() =>
            options.checkpoint === undefined
              ? {}
              : plan.settings(fingerprintFunction(step, [first, ...plan.argumentsOf(0)]))
          )
        )
      ),
      TE.flatMap(({ plan, program, settings }) =>
        runSteps<Search<P>>({
          kind: run.operation,
          settings,
          count: steps,
          first: { at: first, mask: undefined, history: undefined },
          checkpoint: options.checkpoint,
          stop: options.stop,
          ...searchCodec(first, start, steps),
          take: (position, before) =>
            pipe(
              TE.fromEither(attempt(() => (isDue(position) ? rescored(before.at) : before.at))),
              TE.bindTo('at'),
              TE.bind('result', ({ at }) => program(at, ...plan.argumentsOf(position))),
              TE.map(({ at, result: { value, executed } }) => {
                const { to, terms, mask } = value
                const flips = flipsBetween(before.mask, mask)
                const event = { step: position, steps, terms: numbersOf(terms), flips }
                options.observe?.(event)()
                const history = append(before.history, [event])
                return { executed, state: { at: { ...at, ...to }, mask, history } }
              })
            )
        })
      ),
      TE.bind('at', ({ state }) => TE.fromEither(attempt(() => rescored(state.at)))),
      TE.tap(({ at }) => TE.fromEither(attempt(() => requireScores(run.operation, at.scores.params)))),
      TE.flatMap(({ at, state }) =>
        pipe(
          runner.compile((s: Weights<P>) => parametrisation.hard(s), [at.scores.params]),
          TE.flatMap((program) => program(at.scores.params)),
          TE.map(({ value: mask }) => ({
            mask,
            emptyLayers: emptyLayers(mask),
            scores: at.scores.params,
            params: at.weights?.params ?? params,
            history: entriesOf(state.history)
          }))
        )
      )
    )
  }

const kinds: OptionKinds<LearnOptions> = {
  objective: option.function,
  parametrisation: option.record,
  start: option.any,
  attack: option.function,
  attackTarget: option.word('dense', 'sparse'),
  optimiser: option.optimiser,
  steps: option.number,
  batch: option.number,
  rate: option.or(option.number, option.schedule),
  weights: option.any,
  rescoring: option.record,
  trajectory: option.any,
  observe: option.function,
  stop: option.function,
  checkpoint: option.record
}

/**
 * Learns a mask: scores descend an objective through a parametrisation of the mask. The whole step (attack, objective,
 * gradient, optimiser) is one program, compiled once. Each step takes new examples, half of them clean and half to be
 * attacked; a set of fewer than two batches is halved. Every search of the library is this with an objective of its own.
 */
export const learn = entry(
  'mask.learn',
  'Effect',
  2,
  <P>(network: NetworkLike<P>, options: LearnOptions<P>) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<LearnResult<P>> => {
      checkOptions('mask.learn', kinds, options)
      const [shuffle, draws] = split(2)(key)
      return learnFrom(network, options)(params, data, { operation: 'mask.learn', shuffle, draws })
    },
  [ofNetwork, onData]
)
