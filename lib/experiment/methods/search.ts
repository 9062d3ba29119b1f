import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as attack from '../../attack/index.js'
import type { Checkpointing } from '../../checkpoint/index.js'
import type { Effect } from '../../graph/runner.js'
import type { Concrete } from '../../graph/spec.js'
import type * as nn from '../../nn/index.js'
import { mean, places, rounded } from '../numbers.js'
import type { Measures } from '../experiment-record.js'
import { type TrainingSetting, withstoodBy } from '../training-setting.js'
import type { MethodInput, MethodResult } from './method.js'

// What the searches for masks share.

type Search = NonNullable<Measures['search']>

/** One step of a search. */
interface SearchStep {
  readonly step: number
  readonly kernel: number
  readonly output: number
  readonly flips?: readonly number[]
}

/** A record notes about so many points of a search. */
const POINTS = 60

/** A search in blocks of steps: the last step of each, mean distances, and all flips. */
const summaryOf = (history: readonly SearchStep[]): Omit<Search, 'before' | 'after'> => {
  const size = Math.max(1, Math.ceil(history.length / POINTS))
  const blocks = places(0, Math.ceil(history.length / size)).map((i) =>
    history.slice(i * size, (i + 1) * size)
  )
  const over = (field: 'kernel' | 'output'): readonly number[] =>
    blocks.map((block) => rounded(mean(block.map((one) => one[field]))))
  return {
    steps: blocks.map((block) => block.at(-1)!.step + 1),
    kernel: over('kernel'),
    output: over('output'),
    flips: blocks.map((block) =>
      (block[0]?.flips ?? []).map((_, l) => block.reduce((sum, { flips = [] }) => sum + flips[l]!, 0))
    )
  }
}

/** A record of what a search did, with its distances at both ends on images held out, where anything is measured. */
export const searchRecord = (
  { distance, params }: MethodInput,
  first: Concrete<nn.Weights>,
  found: { readonly mask: Concrete<nn.Weights>; readonly params: Concrete<nn.Params> },
  history: readonly SearchStep[]
): Effect<Pick<MethodResult, 'search'>> =>
  distance === undefined
    ? RTE.of({})
    : pipe(
        RTE.Do,
        RTE.bind('before', () => distance(first, params)),
        RTE.bind('after', () => distance(found.mask, found.params)),
        RTE.map((ends) => ({ search: { ...summaryOf(history), ...ends } }))
      )

/** A search is saved every 100 steps. */
export const saved = ({ store }: MethodInput, steps = 100): Checkpointing => ({
  store: store('search'),
  steps
})

/** PGD-7 with steps of 2.5 ε / 7, as a search attacks. */
export const searchAttack = (training: TrainingSetting): attack.Attack =>
  attack.pgd({ ...withstoodBy(training).ball, steps: 7, relativeStep: 2.5 })
