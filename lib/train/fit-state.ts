import { decodeState, encodeState, entriesOf, append, type Log } from '../checkpoint/run-state.js'
import type { Resumable } from '../checkpoint/run-state.js'
import { zeros } from '../core/ndarray.js'
import type { Concrete } from '../graph/spec.js'
import type { TrainState } from '../nn/optimiser.js'
import type { Best, Validation } from './fit-options.js'
import type { FitPlan } from './fit-plan.js'
import type { Recorded } from './trajectory.js'

/** Everything that a run has after some steps; with it, the rest of the run is fixed. */
export interface FitState<P> {
  readonly at: Concrete<TrainState<P>>
  readonly losses: Log<number>
  readonly recorded: readonly Recorded[]
  readonly validations: readonly Validation[]
  readonly best: Best<P> | undefined
}

/** The best of the validations; the earliest of equal ones. A score that is no number is never the best. */
const bestOf = (validations: readonly Validation[]): Validation | undefined =>
  validations.reduce<Validation | undefined>(
    (best, one) => (Number.isNaN(one.score) || (best !== undefined && best.score >= one.score) ? best : one),
    undefined
  )

/** The state with one more validation. */
export const validated = <P>(state: FitState<P>, validation: Validation): FitState<P> => {
  const validations = [...state.validations, validation]
  const isBest = bestOf(validations) === validation
  return { ...state, validations, best: isBest ? { ...validation, params: state.at.params } : state.best }
}

const [LOSSES, SCORES] = ['losses.0', 'scores.0']

const column = (numbers: readonly number[]): readonly (readonly number[])[] =>
  numbers.map((number) => [number])

/** How the state of a planned run becomes named tensors and back; steps and epochs follow from the plan. */
export const stateCodec = <P>({
  first,
  recorded,
  judged,
  rows
}: FitPlan<P>): Pick<Resumable<FitState<P>>, 'encode' | 'decode'> => ({
  encode: ({ at, losses, recorded: recordings, validations, best }) =>
    encodeState(
      {
        at,
        outputs: recordings.map(({ outputs }) => outputs),
        best: best === undefined ? [] : [best.params]
      },
      { [LOSSES]: column(entriesOf(losses)), [SCORES]: column(validations.map(({ score }) => score)) }
    ),
  decode: (tensors, position) => {
    const [recordings, judgements] = [recorded, judged].map((steps) =>
      steps.filter((step) => step <= position)
    )
    const hasBest = Object.keys(tensors).some((name) => name.startsWith('best.'))
    const { trees, columns } = decodeState(
      {
        at: first,
        outputs: recordings!.map((_, i) => tensors[`outputs.${i}`] ?? zeros([1])),
        best: hasBest ? [first.params] : []
      },
      { [LOSSES]: position, [SCORES]: judgements!.length }
    )(tensors)
    const [losses, scores] = [LOSSES, SCORES].map((name) => columns[name]!.flat())
    const validations = judgements!.map((step, i) => ({
      step,
      epoch: step / rows.perEpoch,
      score: scores![i]!
    }))
    const [winner, [params]] = [bestOf(validations), trees.best]
    return {
      at: trees.at,
      losses: append(undefined, losses!),
      recorded: recordings!.map((step, i) => ({ step, outputs: trees.outputs[i]! })),
      validations,
      best: winner === undefined || params === undefined ? undefined : { ...winner, params }
    }
  }
})
