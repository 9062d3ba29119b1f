import { pipe } from 'fp-ts/lib/function.js'
import { scalar } from '../core/ndarray.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import type { ApgdOptions } from './apgd.js'
import { projectOnto } from './ball.js'
import { checkSteps, type Method } from './method.js'
import { randomPoint, sampleSize } from './norm.js'
import { alongBatch, bisect, both, chooseEach, flat, maxEach, sumEach } from './rows.js'
import { taskOf } from './task.js'

/** What APGD-L1 remembers of a run; vectors are [n]. */
export type ApgdL1Memory = {
  /** The point of the largest loss so far, its gradient and that loss. */
  readonly top: Tensor
  readonly topGradient: Tensor
  readonly topLoss: Tensor
  /** The step, in units of ε. */
  readonly step: Tensor
  /** How many elements a step moves, and how many the best point had moved at the last checkpoint. */
  readonly active: Tensor
  readonly checkedCount: Tensor
}

/** What drives one step of APGD-L1; a scalar. */
export type ApgdL1Control = {
  /** 1 at a checkpoint. */
  readonly check: Tensor
}

const FLOOR = -1e30

/** The step starts at ε, shrinks by this factor and no further than to this part. */
const SHRINK = 1.5
const LEAST = 0.1

/** The signs of each sample's `active` largest elements, all that tie with the last of them included, divided by their number. */
const sparseSigns = (gradient: Tensor, active: Tensor): Tensor => {
  const rows = flat(gradient)
  const size = ops.abs(rows)
  const peak = alongBatch(2)(maxEach(size))
  const enough = (threshold: Tensor): Tensor =>
    ops.greaterEqual(alongBatch(2)(active))(alongBatch(2)(sumEach(ops.greaterEqual(threshold)(size))))
  const [threshold] = bisect(24)(enough)(ops.scale(0)(peak), peak)
  const signs = ops.mul(ops.greaterEqual(threshold)(size))(ops.sign(rows))
  const count = alongBatch(2)(ops.max(1)(sumEach(ops.abs(signs))))
  return ops.reshape(gradient.shape)(ops.div(count)(signs))
}

/**
 * The parts of APGD in L1 (Croce and Hein, arXiv:2103.01208, Algorithm 1, with the exact projection onto ball ∩ box):
 * every 4 % of the steps, the number of elements to move becomes two thirds of those that the best point has moved; where
 * that number still falls, the step is ε again and the run goes on from its best point, else the step shrinks.
 */
export const apgdL1Method = (
  options: ApgdOptions,
  operation = 'attack.apgd'
): Method<ApgdL1Memory, ApgdL1Control> => {
  const { steps = 100 } = options
  const period = Math.max(1, Math.floor(0.04 * steps))
  return {
    steps,
    keep: 'best',
    freeze: true,
    gradients: true,
    task: (logits, batch, key) => {
      checkSteps(operation, steps)
      return taskOf(operation, { ...options, norm: 'l1' }, logits, batch, key)
    },
    start: (task, key) => {
      const point = randomPoint(task, key)
      const each = (value: number): Tensor => ops.fill(value, [point.shape[0]!])
      const size = sampleSize(point)
      return {
        point,
        memory: {
          top: point,
          topGradient: ops.fill(0, point.shape),
          topLoss: each(FLOOR),
          step: each(1),
          active: each(Math.max(1, Math.floor(0.2 * size))),
          checkedCount: each(size)
        }
      }
    },
    control: (step) => ({ check: scalar(step > 0 && step % period === 0 ? 1 : 0) }),
    move: ({ norm, ball }, { x, loss }, gradient, memory, { check }) => {
      const higher = ops.greater(memory.topLoss)(loss)
      const top = chooseEach(higher)(x, memory.top)
      const topGradient = chooseEach(higher)(gradient, memory.topGradient)
      const count = sumEach(ops.less(0)(ops.neg(ops.abs(ops.sub(ball.centre)(top)))))

      const falls = ops.less(ops.scale(0.95)(memory.checkedCount))(count)
      const shrunk = ops.max(LEAST)(ops.scale(1 / SHRINK)(memory.step))
      const step = ops.select(check)(ops.select(falls)(1, shrunk), memory.step)
      const active = ops.select(check)(ops.max(1)(ops.floor(ops.scale(1 / SHRINK)(count))), memory.active)
      const back = both(ops.broadcastTo(falls.shape)(check), falls)
      const from = chooseEach(back)(top, x)
      const along = sparseSigns(chooseEach(back)(topGradient, gradient), active)
      const length = ops.mul(ball.epsilon)(alongBatch(x.shape.length)(step))
      return {
        point: projectOnto(norm, ball)(pipe(from, ops.add(ops.mul(length)(along)))),
        memory: {
          top,
          topGradient,
          topLoss: ops.select(higher)(loss, memory.topLoss),
          step,
          active,
          checkedCount: ops.select(check)(count, memory.checkedCount)
        }
      }
    }
  }
}
