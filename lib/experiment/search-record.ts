import type { Measures } from './record.js'
import { mean, places, rounded } from './measure.js'

/** Relative distance of a masked network's kernel and outputs to dense. */
export type Distance = NonNullable<Measures['distance']>

type Search = NonNullable<Measures['search']>

/** One step of a search. */
interface Step {
  readonly step: number
  readonly kernel: number
  readonly output: number
  readonly flips: readonly number[]
}

/** A record notes about so many points of a search. */
const POINTS = 60

/** A search in blocks of steps: the last step of each, mean distances, and all flips. */
export const summaryOf = (history: readonly Step[]): Omit<Search, 'before' | 'after'> => {
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
      (block[0]?.flips ?? []).map((_, l) => block.reduce((sum, { flips }) => sum + flips[l]!, 0))
    )
  }
}
