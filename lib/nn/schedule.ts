import { plain } from '../core/plain.js'
import { requireFinite, requireFraction, requirePositive, requireWhole } from '../core/check.js'

/** The learning rate, or another number of the recipe, of step 0 … total−1. */
export type Schedule = (step: number, total: number) => number

/** Requires the numbers of a schedule to be finite ones. */
const requireNumbers = (name: string, numbers: Readonly<Record<string, number>>): void => {
  for (const [where, value] of Object.entries(numbers)) requireFinite(`train.schedule.${name}`, where, value)
}

/** The same rate throughout. */
export const constant = (rate: number): Schedule => {
  requireNumbers('constant', { rate })
  return () => rate
}

/** From the peak to `end` along half a cosine (Loshchilov and Hutter, arXiv:1608.03983, without restarts). */
export const cosine = (peak: number, end = 0): Schedule => {
  requireNumbers('cosine', { peak, end })
  return (step, total) => end + 0.5 * (peak - end) * (1 + Math.cos((Math.PI * step) / total))
}

/** From `start` in equal steps to `end`, which it reaches after `steps` (by default all) and keeps. */
export const linear = (start: number, end: number, steps?: number): Schedule => {
  requireNumbers('linear', { start, end })
  if (steps !== undefined) requirePositive('train.schedule.linear', 'steps', steps)
  return (step, total) => start + (end - start) * Math.min(1, step / (steps ?? total))
}

/**
 * The rate times `factor` from each of the milestones on, which are parts of the run: `steps(0.1, [0.5, 0.75])` is 0.1, then
 * 0.01 after half of the steps, then 0.001.
 */
export const steps = plain(
  'train.schedule.steps',
  (rate: number, milestones: readonly number[], factor = 0.1): Schedule => {
    requireNumbers('steps', { rate, factor })
    milestones.forEach((part, i) => requireFraction('train.schedule.steps', `milestones[${i}]`, part))
    // 55 / 100 is .55, but .55 · 100 is more than 55
    return (step, total) => rate * factor ** milestones.filter((part) => step / total >= part).length
  }
)

/**
 * Another schedule after a linear rise: step k of the first `count` has (k + 1) / count of what the other starts with; the
 * other then runs over the steps that are left.
 *
 * @example
 * import assert from 'node:assert'
 * import { train } from 'tangentflow'
 *
 * const rate = train.schedule.warmUp(4, train.schedule.constant(0.2))
 * assert.deepEqual([0, 1, 3, 4].map((step) => rate(step, 10)), [0.05, 0.1, 0.2, 0.2])
 */
export const warmUp = plain('train.schedule.warmUp', (count: number, after: Schedule): Schedule => {
  requireWhole('train.schedule.warmUp', 'count', count)
  return (step, total) => {
    const rest = Math.max(1, total - count)
    return step < count ? (after(0, rest) * (step + 1)) / count : after(step - count, rest)
  }
})

/**
 * Triangles between `low` and `high`, `cycles` of them over the run, each up and down in equal parts (Smith,
 * arXiv:1506.01186); with one cycle, from `low` = 0 and its summit at half of the run, the cyclic rate of Wong et al.
 * (arXiv:2001.03994).
 */
export const cyclic = (low: number, high: number, cycles = 1): Schedule => {
  requireNumbers('cyclic', { low, high })
  requirePositive('train.schedule.cyclic', 'cycles', cycles)
  return (step, total) => {
    const phase = ((step * cycles) / total) % 1
    return low + (high - low) * (1 - Math.abs(2 * phase - 1))
  }
}

/**
 * One cycle (Smith and Topin, arXiv:1708.07120, in the form of fastai and PyTorch): along half a cosine from `peak / 25`
 * up to the peak at `summit` of the run (by default 0.3), then down to `peak / 250,000`.
 */
export const oneCycle = (peak: number, summit = 0.3): Schedule => {
  requireNumbers('oneCycle', { peak })
  requireFraction('train.schedule.oneCycle', 'summit', summit)
  return (step, total) => {
    const top = summit * total - 1
    const [from, to, part] =
      step <= top
        ? [peak / 25, peak, top <= 0 ? 1 : step / top]
        : [peak, peak / 250_000, Math.min(1, (step - top) / (total - 1 - top))]
    return to + 0.5 * (from - to) * (1 + Math.cos(Math.PI * part))
  }
}
