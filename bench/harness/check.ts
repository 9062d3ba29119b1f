import type { NdArray } from '../../lib/index.js'
import type { Outcome } from './candidate.js'

/** ‖a − b‖ / ‖b‖ over all elements; infinite where a is not finite or of another size. */
const relativeError = (a: NdArray, b: NdArray): number => {
  if (a.data.length !== b.data.length) return Infinity
  let difference = 0
  let norm = 0
  for (let i = 0; i < b.data.length; i++) {
    difference += (a.data[i]! - b.data[i]!) ** 2
    norm += b.data[i]! ** 2
  }
  return Number.isFinite(difference) ? Math.sqrt(difference / Math.max(norm, Number.MIN_VALUE)) : Infinity
}

/** The result that is furthest from the reference, and how far it is. */
export interface Deviation {
  readonly result: string
  readonly error: number
}

/** Compares every result of the reference; one that is missing is infinitely far away. */
export const deviation = (outcome: Outcome, reference: Outcome): Deviation =>
  Object.entries(reference).reduce<Deviation>(
    (worst, [result, right]) => {
      const got = outcome[result]
      const error = got === undefined ? Infinity : relativeError(got, right)
      return error > worst.error ? { result, error } : worst
    },
    { result: '', error: -1 }
  )
