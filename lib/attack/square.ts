import { plain } from '../core/plain.js'
import { MOST_UNROLLED, requireFraction, requireWhole } from '../core/check.js'
import { fail } from '../core/error.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { scalar } from '../core/ndarray.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import { margin } from '../nn/loss.js'
import { unitBox } from './ball.js'
import { type AttackLoss, type Candidate, type Goal, goalKinds, goalOf, type GoalOptions } from './goal.js'
import { iterate } from './iterate.js'
import type { Iteration } from './iteration.js'
import { type ImageShape, pointAt, proposals } from './proposals.js'
import type { TracedAttack } from './run.js'
import { chooseEach } from './samples.js'
import { restarts } from './sequence.js'

export type { ImageShape } from './proposals.js'

/** The options of Square. */
export interface SquareOptions extends Omit<GoalOptions, 'norm'> {
  /** @defaultValue `'linf'` */
  readonly norm?: 'linf' | 'l2'
  /** Points to try after the first, that is, queries. @defaultValue 5000, as in AutoAttack */
  readonly steps?: number
  /** The fraction of the image that the first squares cover. @defaultValue 0.8 */
  readonly fraction?: number
  /** Starting points. @defaultValue 1 */
  readonly restarts?: number
  /** The layout of a sample, where its shape is not [channels, height, width] or [height, width] already. */
  readonly image?: ImageShape | undefined
}

const kinds: OptionKinds<SquareOptions> = {
  ...goalKinds,
  norm: option.word(...Object.keys(proposals)),
  steps: option.number,
  fraction: option.number,
  restarts: option.number,
  image: option.any
}

/** The point that the next proposal changes, and its loss, [n]. */
export type SquareState = {
  /** The point that the next proposal changes, [n, …]. */
  readonly accepted: Tensor
  /** Its loss, [n]. */
  readonly loss: Tensor
}

/** What the schedule gives to one step of Square: the fraction of the image that it covers, a scalar. */
export type SquareSchedule = {
  /** The fraction of the image that a proposal covers. */
  readonly part: Tensor
}

/** −(z_y − max z_j): the margin loss of Square. */
const marginLoss: AttackLoss = (labels) => (logits) => ops.neg(margin(labels)(logits))

/** A point replaces the accepted one where it raises the loss. */
const accept = (at: Candidate, { accepted, loss }: SquareState): SquareState => {
  const better = ops.greater(loss)(at.loss)
  return {
    accepted: chooseEach(better)(at.x, accepted),
    loss: ops.where(better)(at.loss, loss)
  }
}

/** Steps of a run of 10,000 after which the covered fraction halves. */
const HALVINGS = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000]

/**
 * The fraction of the image that the square of a step covers: the paper's schedule for 10,000 queries, stretched to the
 * number of steps.
 */
const covered = (step: number, steps: number, fraction: number): number => {
  const at = Math.floor((step / Math.max(1, steps)) * 10_000)
  return fraction / 2 ** HALVINGS.filter((bound) => at > bound).length
}

/** The layout of one sample of a batch of the given shape. */
const imageOf = (shape: Shape, image: ImageShape | undefined): ImageShape => {
  const inner = shape.slice(1)
  const [a, b, c] = inner
  if (image !== undefined && sizeOf(image) === sizeOf(inner)) return image
  if (image === undefined && inner.length === 3) return [a!, b!, c!]
  if (image === undefined && inner.length === 2) return [1, a!, b!]
  return fail(
    'ArgumentError',
    'attack.square',
    `image: [channels, height, width] of ${sizeOf(inner)} elements`,
    image === undefined ? `samples ${showShape(inner)}` : showShape(image),
    'image'
  )
}

/** The iteration of {@link square} in either norm, without its restarts. */
export const squareIteration = plain(
  'attack.squareIteration',
  (options: SquareOptions): Iteration<SquareState, SquareSchedule> => {
    const { norm = 'linf', steps = 5000, fraction = 0.8, loss = marginLoss } = options
    const layout = ({ ball }: Goal): ImageShape => imageOf(ball.centre.shape, options.image)
    return {
      steps,
      keep: 'best',
      freeze: true,
      gradients: false,
      box: options.box ?? unitBox,
      goal: (logits, batch, key) => {
        checkOptions('attack.square', kinds, options)
        requireWhole('attack.square', 'steps', steps, 0, MOST_UNROLLED)
        requireFraction('attack.square', 'fraction', fraction, '(0, 1]')
        return goalOf('attack.square', { ...options, norm, loss }, logits, batch, key)
      },
      start: (goal, key) => {
        const point = pointAt(
          goal,
          ops.mul(goal.ball.epsilon)(proposals[norm].pattern(goal, layout(goal), key))
        )
        return { point, state: { accepted: point, loss: ops.fill(-1e30, [point.shape[0]!]) } }
      },
      schedule: (step) => ({ part: scalar(covered(step, steps, fraction)) }),
      step: (goal, at, _gradient, state, { part }, key) => {
        const next = accept(at, state)
        return { point: proposals[norm].propose(goal, layout(goal), next.accepted, part, key), state: next }
      }
    }
  }
)

/**
 * The Square attack (Andriushchenko, Croce, Flammarion, Hein, arXiv:1912.00049), from logits alone: a random square of the
 * image is changed, and the change is accepted where it raises the loss, by default −(z_y − max z_j). In L∞ it starts with
 * vertical stripes of ±ε and sets squares to a corner of the ball, one sign for each channel; in L2 it starts with a grid of
 * bumps and moves norm between two squares. Squares shrink by the paper's schedule. The model need not be differentiable. A
 * sample is frozen after a success. Run it with `attack.run`.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * // A model without a gradient, on images of 2 × 2 pixels as rows
 * const model = () => (x: Tensor) => ops.stack(1)([ops.floor(ops.sum(1)(ops.scale(8)(x))), ops.fill(15, [1])])
 * const square = attack.square({ epsilon: 0.1, steps: 20, image: [1, 2, 2] })(model)
 * const found = evaluateOn(square)({}, { x: ndarray.full([1, 4], 0.5), y: ndarray.of([1], [0]) }, key(0))
 * assert.equal(found.success.data[0], 1)
 */
export const square = plain('attack.square', (options: SquareOptions): TracedAttack =>
  restarts(options.restarts ?? 1)(iterate(squareIteration(options)))
)
