import { fail } from '../core/error.js'
import * as ops from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'

/** The interval of valid inputs, [low, high], the same for every feature. */
export type Box = readonly [low: number, high: number]

/** The box [0, 1] that images live in. */
export const unitBox: Box = [0, 1]

/** An L∞ ball around each example and the box of valid inputs. */
export interface LinfOptions {
  /** The radius, in units of the inputs; at least 0. */
  readonly epsilon: number
  /** [0, 1] unless given. */
  readonly box?: Box
}

export const checkBall = (operation: string, { epsilon, box = unitBox }: LinfOptions): void => {
  if (!(Number.isFinite(epsilon) && epsilon >= 0)) {
    fail('ArgumentError', operation, 'a finite radius of at least 0', `${epsilon}`, 'epsilon')
  }
  if (!(Number.isFinite(box[0]) && Number.isFinite(box[1]) && box[0] < box[1])) {
    fail(
      'ArgumentError',
      operation,
      'a finite box [low, high] with low < high',
      `[${box[0]}, ${box[1]}]`,
      'box'
    )
  }
}

/**
 * The projection onto the L∞ ball around `centre` within the box, for centres in the box: `linf(options)(centre)(x)`.
 * It clips to max(centre − ε, low) and min(centre + ε, high), so in float32 it misses the ball by a rounding of each
 * bound at most, and with ε = 0 it is the centre exactly. The nearest point in L∞ and in L2.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, ndarray, type Tensor } from 'tangentflow'
 *
 * const project = (c: Tensor, x: Tensor) => attack.ball.linf({ epsilon: 0.25 })(c)(x)
 * const out = evaluateOn(project)(ndarray.fromNested([0.5, 0.9]), ndarray.fromNested([0, 2]))
 * assert.deepEqual(ndarray.toNested(out), [0.25, 1])
 */
export const linf =
  (options: LinfOptions) =>
  (centre: Tensor): ((x: Tensor) => Tensor) => {
    checkBall('attack.ball.linf', options)
    const { epsilon, box = unitBox } = options
    const low = ops.max(box[0])(ops.sub(epsilon)(centre))
    const high = ops.min(box[1])(ops.add(epsilon)(centre))
    return ops.clip(low, high)
  }
