import { fail } from '../core/error.js'
import { scalar } from '../core/ndarray.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import { split } from '../graph/key.js'
import * as ops from '../graph/ops/index.js'
import * as random from '../graph/random.js'
import type { Tensor } from '../graph/tensor.js'
import { margin } from '../nn/loss.js'
import type { AttackLoss, FullAttack } from './attack.js'
import { projectOnto } from './ball.js'
import { restarts } from './combine.js'
import { iterate } from './iterate.js'
import { checkSteps, type Method } from './method.js'
import { chooseEach } from './rows.js'
import { type GoalOptions, taskOf } from './task.js'

/** A sample as an image: channels, height, width. */
export type ImageShape = readonly [channels: number, height: number, width: number]

/** The options of Square. */
export interface SquareOptions extends Omit<GoalOptions, 'norm'> {
  readonly norm?: 'linf'
  /** Points to try after the first, that is, queries; 5000 unless given, as in AutoAttack. */
  readonly steps?: number
  /** The part of the image that the first squares cover; 0.8 unless given. */
  readonly fraction?: number
  /** Starting points; 1 unless given. */
  readonly restarts?: number
  /** How a sample is laid out, where its shape is not [channels, height, width] or [height, width] already. */
  readonly image?: ImageShape
}

/** The point that the next proposal changes, and its loss, [n]. */
export type SquareMemory = { readonly accepted: Tensor; readonly loss: Tensor }

/** What drives one step of Square: the part of the image that it covers, a scalar. */
export type SquareControl = { readonly part: Tensor }

/** −(z_y − max z_j): the margin loss of Square. */
const wrongness: AttackLoss = (labels) => (logits) => ops.neg(margin(labels)(logits))

/** Steps of a run of 10,000 after which the covered part halves. */
const HALVINGS = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000]

/**
 * The part of the image that the square of a step covers: the paper's schedule for 10,000 queries, stretched to the
 * number of steps.
 */
const covered = (step: number, steps: number, fraction: number): number => {
  const at = Math.floor((step / Math.max(1, steps)) * 10_000)
  return fraction / 2 ** HALVINGS.filter((bound) => at > bound).length
}

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

/** 1 at the `length` places of an axis of the given size from `start`, [n], on: [n, size]. */
const span = (start: Tensor, length: Tensor, size: number): Tensor => {
  const from = ops.sub(ops.expandDims(-1)(start))(ops.iota([start.shape[0]!, size], 1))
  return ops.mul(ops.greaterEqual(0)(from))(ops.less(length)(from))
}

/** The place of each window, [n], all places equally likely, from uniforms. */
const placed = (u: Tensor, length: Tensor, size: number): Tensor =>
  ops.floor(ops.mul(ops.sub(length)(ops.fill(size + 1, [])))(u))

const rounded = (x: Tensor): Tensor => ops.floor(ops.add(0.5)(x))

/** Height and width of a window that covers a part of an image: a square, or what the shorter side leaves of it. */
const windowOf = (part: Tensor, rows: number, columns: number): readonly [Tensor, Tensor] => {
  const area = ops.scale(rows * columns)(part)
  const side = ops.max(1)(rounded(ops.sqrt(area)))
  const along = (size: number, other: number): Tensor =>
    ops.min(size)(ops.select(ops.greater(other)(side))(rounded(ops.scale(1 / other)(area)), side))
  return [along(rows, columns), along(columns, rows)]
}

/** The parts of {@link square}, without its restarts. */
export const squareMethod = (options: SquareOptions): Method<SquareMemory, SquareControl> => {
  const { steps = 5000, fraction = 0.8, loss = wrongness } = options
  return {
    steps,
    keep: 'best',
    freeze: true,
    gradients: false,
    task: (logits, batch, key) => {
      checkSteps('attack.square', steps)
      if (!(fraction > 0 && fraction <= 1))
        fail('ArgumentError', 'attack.square', 'a part in (0, 1]', `${fraction}`, 'fraction')
      return taskOf('attack.square', { ...options, loss }, logits, batch, key)
    },
    start: ({ norm, ball, ids }, key) => {
      const { shape } = ball.centre
      const n = shape[0]!
      const [channels, height, width] = imageOf(shape, options.image)
      const columns = ops.reshape([n, channels, 1, width])(random.rademacher([n, channels * width], ids)(key))
      const stripes = ops.reshape(shape)(ops.broadcastTo([n, channels, height, width])(columns))
      const point = projectOnto(norm, ball)(ops.add(ops.mul(ball.epsilon)(stripes))(ball.centre))
      return { point, memory: { accepted: point, loss: ops.fill(-1e30, [n]) } }
    },
    control: (step) => ({ part: scalar(covered(step, steps, fraction)) }),
    move: ({ norm, ball, ids }, at, _gradient, memory, { part }, key) => {
      const { shape } = ball.centre
      const n = shape[0]!
      const [channels, rows, columns] = imageOf(shape, options.image)
      const better = ops.greater(memory.loss)(at.loss)
      const accepted = chooseEach(better)(at.x, memory.accepted)

      const [forPlace, forSign] = split(2)(key)
      const places = random.uniform([n, 2], ids)(forPlace)
      const [height, width] = windowOf(part, rows, columns)
      const down = span(placed(ops.at(1, 0)(places), height, rows), height, rows)
      const across = span(placed(ops.at(1, 1)(places), width, columns), width, columns)
      const signs = random.rademacher([n, channels], ids)(forSign)
      const signed = ops.reshape(shape)(ops.einsum('nc,nh,nw->nchw')(signs, down, across))
      const corner = projectOnto(norm, ball)(ops.add(ops.mul(ball.epsilon)(signed))(ball.centre))
      return {
        point: ops.select(ops.abs(signed))(corner, accepted),
        memory: { accepted, loss: ops.select(better)(at.loss, memory.loss) }
      }
    }
  }
}

/**
 * The Square attack (Andriushchenko, Croce, Flammarion, Hein, arXiv:1912.00049) in L∞, from logits alone: from vertical
 * stripes of ±ε on, a random square of the image is set to a corner of the ball, one sign for each channel, and the
 * change stays where it raises the loss, −(z_y − max z_j) unless given. Squares shrink by the paper's schedule. The model
 * need not be differentiable. A broken sample is frozen. Run it with `attack.run`.
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
export const square = (options: SquareOptions): FullAttack =>
  restarts(options.restarts ?? 1)(iterate(squareMethod(options)))
