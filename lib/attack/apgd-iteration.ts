import { plain } from '../core/plain.js'
import { pipe } from 'fp-ts/lib/function.js'
import { MOST_UNROLLED, requireFraction, requireWhole } from '../core/check.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { scalar } from '../core/ndarray.js'
import { sizeOf } from '../core/shape.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import { geometry, projectOnto, randomPoint, unitBox } from './ball.js'
import { type Candidate, type Goal, goalKinds, goalOf, type GoalOptions } from './goal.js'
import type { Iteration } from './iteration.js'
import { alongBatch, bisect, both, chooseEach, either, flat, maxEach, not, sumEach } from './samples.js'

/** The options of Auto-PGD. There is no step size: it starts at 2ε and halves itself. */
export interface ApgdOptions extends GoalOptions {
  /** Gradient steps. @defaultValue 100 */
  readonly steps?: number
  /** Starting points. @defaultValue 1 */
  readonly restarts?: number
  /** The fraction of rising steps below which the step is halved. @defaultValue 0.75 */
  readonly rho?: number
}

const kinds: OptionKinds<ApgdOptions> = {
  ...goalKinds,
  steps: option.number,
  restarts: option.number,
  rho: option.number
}

/** The point of the largest loss so far, its gradient and that loss, [n]. */
type Top = { readonly top: Tensor; readonly topGradient: Tensor; readonly topLoss: Tensor }

const FLOOR = -1e30

/** A value for each sample, [n]. */
const each =
  (point: Tensor) =>
  (value: number): Tensor =>
    ops.fill(value, [point.shape[0]!])

const noTop = (point: Tensor): Top => ({
  top: point,
  topGradient: ops.fill(0, point.shape),
  topLoss: each(point)(FLOOR)
})

const topOf = ({ x, loss }: Candidate, gradient: Tensor, { top, topGradient, topLoss }: Top): Top => {
  const higher = ops.greater(topLoss)(loss)
  return {
    top: chooseEach(higher)(x, top),
    topGradient: chooseEach(higher)(gradient, topGradient),
    topLoss: ops.where(higher)(loss, topLoss)
  }
}

/** What APGD is in every norm. */
const common = (operation: string, options: ApgdOptions, steps: number) =>
  ({
    steps,
    keep: 'best',
    freeze: true,
    gradients: true,
    box: options.box ?? unitBox,
    goal: (logits, batch, key) => {
      checkOptions(operation, kinds, options)
      requireWhole(operation, 'steps', steps, 0, MOST_UNROLLED)
      if (options.rho !== undefined) requireFraction(operation, 'rho', options.rho)
      return goalOf(operation, options, logits, batch, key)
    }
  }) satisfies Partial<Iteration<never, never>>

/**
 * The checkpoints of APGD, w_j = ⌈p_j N⌉ with p₁ = 0.22 and p_{j+1} = p_j + max(p_j − p_{j−1} − 0.03, 0.06): after how
 * many steps the step size is reconsidered.
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

/** What APGD remembers of a run; vectors are [n]. */
export type ApgdState = Top & {
  /** The point before the current one. */
  readonly previous: Tensor
  /** The loss of the last point, and how often it rose since the last checkpoint. */
  readonly lastLoss: Tensor
  /** How often the loss rose since the last checkpoint. */
  readonly rises: Tensor
  /** The step size, in units of ε. */
  readonly stepSize: Tensor
  /** Whether the last checkpoint halved the step, and the largest loss there. */
  readonly halved: Tensor
  /** The largest loss at the last checkpoint. */
  readonly checkedLoss: Tensor
}

/** What the schedule gives to one step of APGD; scalars. */
export type ApgdSchedule = {
  /** 0 for the first step, which has no momentum, else 1. */
  readonly later: Tensor
  /** 1 at a checkpoint. */
  readonly check: Tensor
  /** ρ times the number of steps since the last checkpoint. */
  readonly needed: Tensor
}

/** How much of a step follows the last one, after the first. */
const INERTIA = 0.25

/** z = Π(x + η ε d), then Π(x + α (z − x) + (1 − α)(x − x_previous)); α is 1 where there is no step before. */
const withMomentum = (
  { norm, ball }: Goal,
  x: Tensor,
  gradient: Tensor,
  stepSize: Tensor,
  past: Tensor,
  later: Tensor
): Tensor => {
  const project = projectOnto(norm, ball)
  const direction = geometry[norm].ascent(gradient, x, ball, 1)
  const length = ops.mul(ball.epsilon)(alongBatch(x.shape.length)(stepSize))
  const straight = ops.sub(x)(project(ops.add(ops.mul(length)(direction))(x)))
  const weight = ops.scale(INERTIA)(later)
  return project(
    pipe(x, ops.add(ops.sub(ops.scale(weight)(straight))(straight)), ops.add(ops.scale(weight)(past)))
  )
}

/** The iteration of `attack.apgd` in L∞ and L2, without its restarts. */
export const apgdIteration = plain(
  'attack.apgdIteration',
  (options: ApgdOptions, operation = 'attack.apgd'): Iteration<ApgdState, ApgdSchedule> => {
    const { steps = 100, rho = 0.75 } = options
    const due = checkpoints(steps)
    return {
      ...common(operation, options, steps),
      start: (goal, key) => {
        const point = randomPoint(goal, key)
        const fill = each(point)
        return {
          point,
          state: {
            ...noTop(point),
            previous: point,
            // the first loss is no rise
            lastLoss: fill(-FLOOR),
            rises: fill(0),
            stepSize: fill(2),
            // the first checkpoint has none before it to be compared with
            halved: fill(1),
            checkedLoss: fill(FLOOR)
          }
        }
      },
      schedule: (step) => {
        const at = due.indexOf(step)
        return {
          later: scalar(step === 0 ? 0 : 1),
          check: scalar(at < 0 ? 0 : 1),
          needed: scalar(at < 0 ? 0 : rho * (step - (due[at - 1] ?? 0)))
        }
      },
      step: (goal, at, gradient, state, { later, check, needed }) => {
        const { x, loss } = at
        const best = topOf(at, gradient, state)
        const rises = ops.add(ops.greater(state.lastLoss)(loss))(state.rises)

        const tooFewRises = ops.less(needed)(rises)
        const stalled = both(not(state.halved), ops.greaterEqual(best.topLoss)(state.checkedLoss))
        const halve = ops.mul(check)(either(tooFewRises, stalled))
        const stepSize = ops.where(halve)(ops.scale(0.5)(state.stepSize), state.stepSize)
        const from = chooseEach(halve)(best.top, x)
        const along = chooseEach(halve)(best.topGradient, gradient)
        return {
          point: withMomentum(goal, from, along, stepSize, ops.sub(state.previous)(from), later),
          state: {
            ...best,
            // where a checkpoint goes back to the best point, that is where the next step comes from
            previous: from,
            lastLoss: loss,
            rises: ops.mul(not(check))(rises),
            stepSize,
            halved: ops.where(check)(halve, state.halved),
            checkedLoss: ops.where(check)(best.topLoss, state.checkedLoss)
          }
        }
      }
    }
  }
)

/** What APGD in L1 remembers of a run; vectors are [n]. */
export type ApgdL1State = Top & {
  /** The step size, in units of ε. */
  readonly stepSize: Tensor
  /** How many elements a step moves, and how many the best point had moved at the last checkpoint. */
  readonly active: Tensor
  /** How many elements the best point had moved at the last checkpoint, [n]. */
  readonly checkedCount: Tensor
}

/** What the schedule gives to one step of APGD in L1: a scalar, 1 at a checkpoint. */
export type ApgdL1Schedule = {
  /** 1 at a checkpoint, else 0. */
  readonly check: Tensor
}

/** In L1 the step size starts at ε, shrinks by this factor and no further than to this fraction. */
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
 * The iteration of `attack.apgd` in L1 (Croce and Hein, arXiv:2103.01208, Algorithm 1, with the exact projection onto
 * ball ∩ box): every 4 % of the steps, the number of elements to move becomes two thirds of those that the best point has
 * moved; where that number still falls, the step is ε again and the run goes on from its best point, else the step shrinks.
 */
export const apgdL1Iteration = plain(
  'attack.apgdL1Iteration',
  (options: ApgdOptions, operation = 'attack.apgd'): Iteration<ApgdL1State, ApgdL1Schedule> => {
    const { steps = 100 } = options
    const period = Math.max(1, Math.floor(0.04 * steps))
    return {
      ...common(operation, { ...options, norm: 'l1' }, steps),
      start: (goal, key) => {
        const point = randomPoint(goal, key)
        const fill = each(point)
        const size = sizeOf(point.shape.slice(1))
        const active = fill(Math.max(1, Math.floor(0.2 * size)))
        return { point, state: { ...noTop(point), stepSize: fill(1), active, checkedCount: fill(size) } }
      },
      schedule: (step) => ({ check: scalar(step > 0 && step % period === 0 ? 1 : 0) }),
      step: ({ norm, ball }, at, gradient, state, { check }) => {
        const best = topOf(at, gradient, state)
        const count = sumEach(ops.less(0)(ops.neg(ops.abs(ops.sub(ball.centre)(best.top)))))

        const falls = ops.less(ops.scale(0.95)(state.checkedCount))(count)
        const shrunk = ops.max(LEAST)(ops.scale(1 / SHRINK)(state.stepSize))
        const stepSize = ops.where(check)(ops.where(falls)(1, shrunk), state.stepSize)
        const active = ops.where(check)(ops.max(1)(ops.floor(ops.scale(1 / SHRINK)(count))), state.active)
        const back = both(ops.broadcastTo(falls.shape)(check), falls)
        const from = chooseEach(back)(best.top, at.x)
        const along = sparseSigns(chooseEach(back)(best.topGradient, gradient), active)
        const length = ops.mul(ball.epsilon)(alongBatch(at.x.shape.length)(stepSize))
        return {
          point: projectOnto(norm, ball)(pipe(from, ops.add(ops.mul(length)(along)))),
          state: {
            ...best,
            stepSize,
            active,
            checkedCount: ops.where(check)(count, state.checkedCount)
          }
        }
      }
    }
  }
)
