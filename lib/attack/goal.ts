import { fail } from '../core/error.js'
import { option, type OptionKinds } from '../core/options.js'
import { sameShape, showShape } from '../core/shape.js'
import { vjp } from '../diff/index.js'
import { fold, type Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import { crossEntropyEach, margin } from '../nn/loss.js'
import type { Batch } from '../nn/model.js'
import { type Ball, ballAround, type BallOptions, type Norm, norms } from './ball.js'
import { chooseEach, maxEach, not } from './samples.js'
import type { Target } from './target.js'

/**
 * What attacks raise: a loss of each example, [n], as `nn.crossEntropyEach`. An attack with a target lowers the loss of the
 * target, or the loss's own `targeted`, as `nn.cw` has it.
 */
export interface AttackLoss {
  (labels: Tensor): (logits: Tensor) => Tensor
  /** The loss of a target, which an attack lowers. @defaultValue the loss itself */
  readonly targeted?: (targets: Tensor) => (logits: Tensor) => Tensor
}

/**
 * A labelled batch whose samples may bring a radius of their own, [n], which replaces the attack's `epsilon`, and a class,
 * [n], for `target.given`. As arguments of the program they may change from call to call: a curve over ε compiles once.
 */
export type AttackBatch = Batch & {
  /** The radius of each sample, [n]. */
  readonly epsilon?: Tensor
  /** The class to which each sample is driven, [n]. */
  readonly target?: Tensor
}

/** A point, and how well it does for each sample. */
export type Candidate = {
  /** The point, [n, …]. */
  readonly x: Tensor
  /** 1 where the attack succeeds at `x`, [n]: the sample is misclassified (a tie counts), or the target is reached. */
  readonly success: Tensor
  /** What is raised, at `x`, [n]. */
  readonly loss: Tensor
  /** At most 0 exactly where the attack succeeds, [n]: at `x`, z_y − max z_j, or for a target t, max z_j − z_t. */
  readonly margin: Tensor
}

/** What an attack wants on one batch: all that an iteration may read. */
export interface Goal {
  /** The norm of the ball. */
  readonly norm: Norm
  /** Where points may be. */
  readonly ball: Ball
  /** A number for each sample, [n], which selects its random numbers. */
  readonly ids: Tensor | undefined
  /** The logits at a point, [n, classes]. */
  readonly logits: (x: Tensor) => Tensor
  /** What is raised, [n], from logits. */
  readonly objective: (logits: Tensor) => Tensor
  /** At most 0 exactly where the attack succeeds, [n], from logits. */
  readonly margin: (logits: Tensor) => Tensor
}

/** The options that every iterative attack has. */
export interface GoalOptions extends BallOptions {
  /** @defaultValue `'linf'` */
  readonly norm?: Norm
  /** What is raised, or with a target, lowered. @defaultValue `nn.crossEntropyEach` */
  readonly loss?: AttackLoss
  /** The class to reach; success is then to reach it, and not only to leave the label. */
  readonly target?: Target
}

/** The kinds of the options that every iterative attack has. */
export const goalKinds: OptionKinds<GoalOptions> = {
  epsilon: option.any,
  box: option.any,
  norm: option.word(...norms),
  loss: option.function,
  target: option.function
}

/** The child of an attack's key that targets are drawn from; steps take those below. */
const FOR_TARGET = 2 ** 32 - 1

/** The goal of an attack on a batch: to leave the label, or to reach a target. */
export const goalOf = (
  operation: string,
  { norm = 'linf', loss = crossEntropyEach, target, ...options }: GoalOptions,
  logits: (x: Tensor) => Tensor,
  { x, y, ids, ...own }: AttackBatch,
  key: Key
): Goal => {
  const epsilon = own.epsilon ?? options.epsilon
  const centre = ops.stopGradient(x)
  const common = { norm, ids, logits, ball: ballAround(operation, { ...options, epsilon }, centre) }
  if (target === undefined) return { ...common, objective: loss(y), margin: margin(y) }
  const label = target({ logits: logits(centre), y, ids, given: own.target, key: fold(FOR_TARGET)(key) })
  if (!sameShape(label.shape, y.shape))
    fail(
      'ShapeError',
      operation,
      `a class for each sample, ${showShape(y.shape)}`,
      showShape(label.shape),
      'target'
    )
  const lowered = (loss.targeted ?? loss)(label)
  return {
    ...common,
    objective: (z) => ops.neg(lowered(z)),
    margin: (z) => ops.neg(margin(label)(z))
  }
}

/**
 * A record whose fields are computed when they are first read. A traced function that reads only some fields then builds
 * only their graph, and refuses only what they refuse.
 */
export const lazily = <T extends object>(fields: { readonly [K in keyof T]: () => T[K] }): T => {
  const known: Partial<T> = {}
  const record: Partial<T> = {}
  for (const name of Object.keys(fields) as (keyof T)[]) {
    Object.defineProperty(record, name, {
      enumerable: true,
      get: () => {
        if (!(name in known)) known[name] = fields[name]()
        return known[name]
      }
    })
  }
  return record as T
}

/** How well a point does. A margin that is not a number counts as success: such a model classifies nothing. */
export const scoreAt = (goal: Pick<Goal, 'logits' | 'objective' | 'margin'>, x: Tensor): Candidate => {
  interface Outputs {
    readonly logits: Tensor
    readonly margin: Tensor
  }
  const outputs: Outputs = lazily<Outputs>({
    logits: () => goal.logits(x),
    margin: () => goal.margin(outputs.logits)
  })
  return lazily<Candidate>({
    x: () => x,
    success: () => not(ops.greater(0)(outputs.margin)),
    loss: () => goal.objective(outputs.logits),
    margin: () => outputs.margin
  })
}

/** By what two candidates that both succeed, or both fail, are ordered. */
export type Order = (candidate: Candidate) => Tensor

/** Runs of one attack raise one loss. */
export const byLoss: Order = ({ loss }) => loss

/** Attacks may raise different losses; the margin is the same for all. */
export const byMargin: Order = (candidate) => ops.neg(candidate.margin)

/** The stronger of two candidates, sample by sample, by success and then by the order; the first at a tie. */
export const stronger =
  (by: Order) =>
  (a: Candidate, b: Candidate): Candidate => {
    const further = ops.mul(ops.equal(a.success)(b.success))(ops.greater(by(a))(by(b)))
    const takeB = ops.max(further)(ops.greater(a.success)(b.success))
    return {
      x: chooseEach(takeB)(b.x, a.x),
      success: ops.where(takeB)(b.success, a.success),
      loss: ops.where(takeB)(b.loss, a.loss),
      margin: ops.where(takeB)(b.margin, a.margin)
    }
  }

/** The gradient of the objective, of the shape of the inputs. */
export const gradientAt = ({ objective, logits }: Goal, x: Tensor): Tensor => {
  const [losses, pull] = vjp((at: Tensor) => objective(logits(at)))(x)
  return pull(ops.ones(losses.shape))
}

/** The largest finite number of float32. */
const LARGEST = 3.4028234663852886e38

/** What is wrong with a gradient, [n] each: 1 where it is zero everywhere, and where an entry is not finite. */
export type GradientFaults = { readonly zero: Tensor; readonly nonFinite: Tensor }

/** Looks for {@link GradientFaults}. */
export const gradientFaults = (gradient: Tensor): GradientFaults => {
  const size = ops.abs(gradient)
  return {
    zero: not(maxEach(not(ops.equal(0)(size)))),
    nonFinite: maxEach(not(ops.lessEqual(LARGEST)(size)))
  }
}
