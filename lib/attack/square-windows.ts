import { fail } from '../core/error.js'
import { scalar } from '../core/ndarray.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import { margin } from '../nn/loss.js'
import type { AttackLoss } from './attack.js'
import { type Candidate, type GoalOptions, taskOf } from './task.js'
import { checkSteps, type Method } from './method.js'
import { chooseEach } from './rows.js'

// What Square does in every norm.

/** A sample as an image: channels, height, width. */
export type ImageShape = readonly [channels: number, height: number, width: number]

/** The options of Square. */
export interface SquareOptions extends Omit<GoalOptions, 'norm'> {
  /** `linf` unless given. */
  readonly norm?: 'linf' | 'l2'
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

/** Options with what they leave open, and refused if they make no sense. */
const settled = ({ steps = 5000, fraction = 0.8, loss = wrongness }: SquareOptions) => ({
  steps,
  loss,
  fraction,
  check: (): void => {
    checkSteps('attack.square', steps)
    if (!(fraction > 0 && fraction <= 1))
      fail('ArgumentError', 'attack.square', 'a part in (0, 1]', `${fraction}`, 'fraction')
  }
})

/** −(z_y − max z_j): the margin loss of Square. */
const wrongness: AttackLoss = (labels) => (logits) => ops.neg(margin(labels)(logits))

/** The memory of a run that has looked at nothing. */
export const unseen = (point: Tensor): SquareMemory => ({
  accepted: point,
  loss: ops.fill(-1e30, [point.shape[0]!])
})

/** A point takes the place of the accepted one where it raises the loss. */
export const accept = (at: Candidate, memory: SquareMemory): SquareMemory => {
  const better = ops.greater(memory.loss)(at.loss)
  return {
    accepted: chooseEach(better)(at.x, memory.accepted),
    loss: ops.select(better)(at.loss, memory.loss)
  }
}

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

/** What the parts of Square have in common in every norm, without its restarts. */
export const partsOf = (
  norm: 'linf' | 'l2',
  options: Omit<SquareOptions, 'norm'>
): Omit<Method<SquareMemory, SquareControl>, 'start' | 'move'> => {
  const { steps, fraction, loss, check } = settled(options)
  return {
    steps,
    keep: 'best',
    freeze: true,
    gradients: false,
    task: (logits, batch, key) => {
      check()
      return taskOf('attack.square', { ...options, norm, loss }, logits, batch, key)
    },
    control: (step) => ({ part: scalar(covered(step, steps, fraction)) })
  }
}

/** The layout of one sample of a batch of the given shape. */
export const imageOf = (shape: Shape, image: ImageShape | undefined): ImageShape => {
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
export const span = (start: Tensor, length: Tensor, size: number): Tensor => {
  const from = ops.sub(ops.expandDims(-1)(start))(ops.iota([start.shape[0]!, size], 1))
  return ops.mul(ops.greaterEqual(0)(from))(ops.less(length)(from))
}

/** The place of each window, [n], all places equally likely, from uniforms. */
export const placed = (u: Tensor, length: Tensor, size: number): Tensor =>
  ops.floor(ops.mul(ops.sub(length)(ops.fill(size + 1, [])))(u))

/** The nearest whole number. */
export const rounded = (x: Tensor): Tensor => ops.floor(ops.add(0.5)(x))
