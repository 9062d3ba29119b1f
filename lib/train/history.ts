import { type NdArray, of, zeros } from '../core/ndarray.js'
import { fromNamed, named } from '../core/tree.js'
import type { Concrete } from '../graph/spec.js'
import type { Params } from '../nn/layer.js'
import type { TrainState } from '../nn/optimiser.js'

/** Outputs on the recorded inputs after a step. */
export interface Recorded {
  readonly step: number
  readonly outputs: NdArray
}

/** The score of the parameters after a step. */
export interface Validation {
  readonly step: number
  readonly epoch: number
  /** Larger is better. */
  readonly score: number
}

/** The parameters of the best validation; the earliest of equal ones. */
export interface Best extends Validation {
  readonly params: Concrete<Params>
}

/** All that a run has come to after some steps; with it, the rest of the run is fixed. */
export interface History {
  readonly at: Concrete<TrainState<Params>>
  readonly losses: readonly number[]
  readonly checkpoints: readonly Recorded[]
  readonly validations: readonly Validation[]
  readonly best: Best | undefined
}

/** What the options say of a run's history after some steps: enough to know the shape of everything in it. */
export interface Outline {
  readonly first: Concrete<TrainState<Params>>
  /** Steps after which outputs are recorded, and after which the parameters are judged, in order. */
  readonly recorded: readonly number[]
  readonly judged: readonly number[]
  readonly perEpoch: number
}

const column = (values: readonly number[]): readonly NdArray[] =>
  values.length === 0 ? [] : [of([values.length], Float64Array.from(values))]

const tensorsOf = ({ at, losses, checkpoints, validations, best }: History) => ({
  at,
  losses: column(losses),
  outputs: checkpoints.map(({ outputs }) => outputs),
  scores: column(validations.map(({ score }) => score)),
  best: best === undefined ? [] : [best.params]
})

/** A history as named tensors; steps and epochs follow from the options. */
export const save = (history: History): Readonly<Record<string, NdArray>> => named(tensorsOf(history))

/** The best of the validations; the earliest of equal ones. A score that is no number is never the best. */
const bestOf = (validations: readonly Validation[]): Validation | undefined =>
  validations.reduce<Validation | undefined>(
    (best, one) => (Number.isNaN(one.score) || (best !== undefined && best.score >= one.score) ? best : one),
    undefined
  )

/** The history with one more validation. */
export const judge = (history: History, validation: Validation): History => {
  const validations = [...history.validations, validation]
  return {
    ...history,
    validations,
    best: bestOf(validations) === validation ? { ...validation, params: history.at.params } : history.best
  }
}

/** The history of the first `position` steps from its tensors; raises what does not fit the options. */
export const load =
  ({ first, recorded, judged, perEpoch }: Outline) =>
  (tensors: Readonly<Record<string, NdArray>>, position: number): History => {
    const [recordings, judgements] = [recorded, judged].map((steps) =>
      steps.filter((step) => step <= position)
    )
    const vector = (length: number): readonly NdArray[] => (length === 0 ? [] : [zeros([length])])
    const hasBest = Object.keys(tensors).some((name) => name.startsWith('best.'))
    const found = fromNamed({
      at: first,
      losses: vector(position),
      outputs: recordings!.map((_, i) => tensors[`outputs.${i}`] ?? zeros([1])),
      scores: vector(judgements!.length),
      best: hasBest ? [first.params] : []
    })(tensors)
    const numbers = ([array]: readonly NdArray[]): readonly number[] =>
      array === undefined ? [] : Array.from(array.data)
    const scores = numbers(found.scores)
    const validations = judgements!.map((step, i) => ({ step, epoch: step / perEpoch, score: scores[i]! }))
    const [winner, [params]] = [bestOf(validations), found.best]
    return {
      at: found.at,
      losses: numbers(found.losses),
      checkpoints: recordings!.map((step, i) => ({ step, outputs: found.outputs[i]! })),
      validations,
      best: winner === undefined || params === undefined ? undefined : { ...winner, params }
    }
  }
