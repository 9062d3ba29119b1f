import { pipe } from 'fp-ts/lib/function.js'
import { scalar } from '../core/ndarray.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import type { FullAttack } from './attack.js'
import { projectOnto } from './ball.js'
import { apgdL1Method } from './apgd-l1.js'
import { restarts } from './combine.js'
import { iterate } from './iterate.js'
import { checkSteps, type Method } from './method.js'
import { geometry, randomPoint } from './norm.js'
import { alongBatch, both, chooseEach, either, not } from './rows.js'
import { type GoalOptions, type Task, taskOf } from './task.js'

/** The options of Auto-PGD. There is no step size: it starts at 2ε and halves itself. */
export interface ApgdOptions extends GoalOptions {
  /** Gradient steps; 100 unless given. */
  readonly steps?: number
  /** Starting points; 1 unless given. */
  readonly restarts?: number
  /** The part of rising steps below which the step is halved; 0.75 unless given. */
  readonly rho?: number
}

/** What APGD remembers of a run; vectors are [n]. */
export type ApgdMemory = {
  readonly previous: Tensor
  /** The point of the largest loss so far, its gradient and that loss. */
  readonly top: Tensor
  readonly topGradient: Tensor
  readonly topLoss: Tensor
  /** The loss of the last point, and how often it rose since the last checkpoint. */
  readonly lastLoss: Tensor
  readonly rises: Tensor
  /** The step, in units of ε. */
  readonly step: Tensor
  /** Whether the last checkpoint halved the step, and the largest loss there. */
  readonly halved: Tensor
  readonly checkedLoss: Tensor
}

/** What drives one step of APGD; scalars. */
export type ApgdControl = {
  /** 0 for the first step, which has no momentum, else 1. */
  readonly later: Tensor
  /** 1 at a checkpoint. */
  readonly check: Tensor
  /** ρ times the number of steps since the last checkpoint. */
  readonly needed: Tensor
}

/**
 * The checkpoints of APGD, w_j = ⌈p_j N⌉ with p₁ = 0.22 and p_{j+1} = p_j + max(p_j − p_{j−1} − 0.03, 0.06): after how
 * many steps the step size is looked at.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack } from 'tangentflow'
 *
 * assert.deepEqual(attack.checkpoints(100), [22, 41, 57, 70, 80, 87, 93, 99])
 */
export const checkpoints = (steps: number): readonly number[] => {
  const found: number[] = []
  // in whole percents, so that no rounding moves a checkpoint
  for (let [percent, period] = [22, 22]; percent <= 100; percent += period) {
    found.push(Math.ceil((percent * steps) / 100))
    period = Math.max(period - 3, 6)
  }
  return [...new Set(found)]
}

const FLOOR = -1e30

/** The parts of {@link apgd}, without its restarts. */
export const apgdMethod = (
  options: ApgdOptions,
  operation = 'attack.apgd'
): Method<ApgdMemory, ApgdControl> => {
  const { steps = 100, rho = 0.75 } = options
  const due = checkpoints(steps)
  return {
    steps,
    keep: 'best',
    freeze: true,
    gradients: true,
    task: (logits, batch, key) => {
      checkSteps(operation, steps)
      return taskOf(operation, options, logits, batch, key)
    },
    start: (task, key) => {
      const point = randomPoint(task, key)
      const each = (value: number): Tensor => ops.fill(value, [point.shape[0]!])
      return {
        point,
        memory: {
          previous: point,
          top: point,
          topGradient: ops.fill(0, point.shape),
          topLoss: each(FLOOR),
          // the first loss is no rise
          lastLoss: each(-FLOOR),
          rises: each(0),
          step: each(2),
          // the first checkpoint has none before it to be compared with
          halved: each(1),
          checkedLoss: each(FLOOR)
        }
      }
    },
    control: (step) => {
      const at = due.indexOf(step)
      return {
        later: scalar(step === 0 ? 0 : 1),
        check: scalar(at < 0 ? 0 : 1),
        needed: scalar(at < 0 ? 0 : rho * (step - (due[at - 1] ?? 0)))
      }
    },
    move: (task, { x, loss }, gradient, memory, { later, check, needed }) => {
      const higher = ops.greater(memory.topLoss)(loss)
      const top = chooseEach(higher)(x, memory.top)
      const topGradient = chooseEach(higher)(gradient, memory.topGradient)
      const topLoss = ops.select(higher)(loss, memory.topLoss)
      const rises = ops.add(ops.greater(memory.lastLoss)(loss))(memory.rises)

      const tooFewRises = ops.less(needed)(rises)
      const stalled = both(not(memory.halved), ops.greaterEqual(topLoss)(memory.checkedLoss))
      const halve = ops.mul(check)(either(tooFewRises, stalled))
      const step = ops.select(halve)(ops.scale(0.5)(memory.step), memory.step)
      const from = chooseEach(halve)(top, x)
      const along = chooseEach(halve)(topGradient, gradient)
      return {
        point: withMomentum(task, from, along, step, ops.sub(memory.previous)(from), later),
        memory: {
          previous: x,
          top,
          topGradient,
          topLoss,
          lastLoss: loss,
          rises: ops.mul(not(check))(rises),
          step,
          halved: ops.select(check)(halve, memory.halved),
          checkedLoss: ops.select(check)(topLoss, memory.checkedLoss)
        }
      }
    }
  }
}

/** How much of a step follows the last one, after the first. */
const INERTIA = 0.25

/** z = Π(x + η ε d), then Π(x + α (z − x) + (1 − α)(x − x_previous)); α is 1 where there is no step before. */
const withMomentum = (
  { norm, ball }: Task,
  x: Tensor,
  gradient: Tensor,
  step: Tensor,
  past: Tensor,
  later: Tensor
): Tensor => {
  const project = projectOnto(norm, ball)
  const direction = geometry[norm].ascent(gradient, x, ball, 1)
  const length = ops.mul(ball.epsilon)(alongBatch(x.shape.length)(step))
  const straight = ops.sub(x)(project(ops.add(ops.mul(length)(direction))(x)))
  const share = ops.scale(INERTIA)(later)
  return project(
    pipe(x, ops.add(ops.sub(ops.scale(share)(straight))(straight)), ops.add(ops.scale(share)(past)))
  )
}

/**
 * Auto-PGD (Croce and Hein, arXiv:2003.01690, Algorithm 1): PGD with momentum whose step starts at 2ε and is halved at
 * checkpoints where too few steps raised the loss, or where neither loss nor step changed since the last one; a halved
 * run goes on from its best point. In L1 it is the variant of arXiv:2103.01208, whose steps move as many elements as the
 * best point so far suggests. The best point is kept, by success, then loss, and a broken sample is frozen. With
 * `loss: nn.dlr` it is APGD-DLR. Few steps may be traced into a program of their own; run 100 with `attack.run`.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, nn } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(4), nn.relu, nn.dense(3))
 * const apgd = attack.apgd({ norm: 'l2', epsilon: 0.5, steps: 5, loss: nn.dlr })(net.apply)
 * const x = ndarray.full([1, 5], 0.5)
 * const found = evaluateOn(apgd)(net.init(key(0), [5]), { x, y: ndarray.of([1], [2]) }, key(1))
 * assert.ok(Math.hypot(...found.x.data.map((v) => v - 0.5)) <= 0.5 + 1e-9)
 */
export const apgd = (options: ApgdOptions): FullAttack =>
  restarts(options.restarts ?? 1)(
    options.norm === 'l1' ? iterate(apgdL1Method(options)) : iterate(apgdMethod(options))
  )
