import { plain } from '../core/plain.js'
import { fail } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { sameShape } from '../core/shape.js'
import { unitBelow } from '../core/unit-below.js'

/** Outputs on the recorded inputs after a step. */
export interface Recorded {
  /** Steps taken. */
  readonly step: number
  /** The outputs, [n, …]. */
  readonly outputs: NdArray
}

/** How the outputs of a run change: those that it recorded, in order. */
export type Trajectory = readonly Recorded[]

/** ‖a − b‖ / ‖b‖ of concrete arrays of one shape; 0 where both are zeros. */
const relative = (a: NdArray, b: NdArray): number => {
  let [largest, difference, size] = [0, 0, 0]
  for (const { data } of [a, b]) for (const v of data) largest = Math.max(largest, Math.abs(v))
  const unit = unitBelow(largest)
  for (let i = 0; i < b.data.length; i++) {
    difference += (a.data[i]! / unit - b.data[i]! / unit) ** 2
    size += (b.data[i]! / unit) ** 2
  }
  return difference === 0 && size === 0 ? 0 : Math.sqrt(difference / size)
}

/**
 * The distances of a training run from another: relative, in L2, of their outputs on the recorded inputs, time by time.
 * Runs recorded at other steps, or on other inputs, are an ArgumentError.
 */
export const distances = plain(
  'train.distances',
  (run: Trajectory, reference: Trajectory): readonly number[] =>
    run.length === reference.length &&
    run.every(({ step, outputs }, i) => {
      const other = reference[i]!
      return step === other.step && sameShape(outputs.shape, other.outputs.shape)
    })
      ? run.map(({ outputs }, i) => relative(outputs, reference[i]!.outputs))
      : fail(
          'ArgumentError',
          'train.distances',
          'runs recorded at the same steps, with outputs of one shape',
          `${run.length} and ${reference.length}`
        )
)
