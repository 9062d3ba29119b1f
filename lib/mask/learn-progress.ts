import type { NdArray } from '../core/ndarray.js'
import type { Concrete } from '../graph/spec.js'
import type { Weights } from '../nn/layer.js'
import { load, save } from './history.js'
import type { LearnEvent } from './learn-options.js'
import type { LearnState } from './learn-step.js'

/** Where a search stands: the state, the hard mask of its last step (none at first), and every step so far. */
export interface Progress {
  readonly at: Concrete<LearnState>
  readonly mask: Concrete<Weights> | undefined
  readonly history: readonly LearnEvent[]
}

/** A standing as named tensors. */
export const saveProgress = ({ at, mask, history }: Progress): Readonly<Record<string, NdArray>> =>
  save(mask === undefined ? { at } : { at, mask }, {
    flips: history.map(({ flips }) => flips),
    ...Object.fromEntries(
      Object.keys(history[0]?.terms ?? {}).map((name) => [
        `terms.${name}`,
        history.map(({ terms }) => [terms[name]!])
      ])
    )
  })

/** The standing after `position` of the steps from its tensors; raises what does not fit. */
export const loadProgress =
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

/** 0, 1, … of the given number. */
export const places = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)
