import { vjp } from '../diff/index.js'
import { fold, type Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import { crossEntropyEach, margin } from '../nn/loss.js'
import type { AttackLoss, Samples } from './attack.js'
import { type Ball, ballAround, type BallOptions, type Norm } from './ball.js'
import { lazily } from './lazy.js'
import { chooseEach, maxEach, not } from './rows.js'
import type { Target } from './target.js'

/** What every iterative attack is told. */
export interface GoalOptions extends BallOptions {
  /** `linf` unless given. */
  readonly norm?: Norm
  /** What is raised, or with a target, lowered; `nn.crossEntropyEach` unless given. */
  readonly loss?: AttackLoss
  /** The class to reach; success is then to reach it, and not only to leave the label. */
  readonly target?: Target
}

/** One attack on one batch: all that a method may look at. */
export interface Task {
  readonly norm: Norm
  readonly ball: Ball
  readonly ids: Tensor | undefined
  readonly logits: (x: Tensor) => Tensor
  /** What is raised, [n], from logits. */
  readonly objective: (logits: Tensor) => Tensor
  /** At most 0 exactly where the attack succeeds, [n], from logits. */
  readonly margin: (logits: Tensor) => Tensor
}

/** A point, and how well it does for each sample. */
export type Candidate = {
  readonly x: Tensor
  /** 1 where the attack succeeds. */
  readonly broken: Tensor
  readonly loss: Tensor
  readonly margin: Tensor
}

/** The child of an attack's key that targets are drawn from; steps take those below. */
const FOR_TARGET = 2 ** 32 - 1

/** The goal of an attack that wants to leave the label, or to reach a target. */
export const taskOf = (
  operation: string,
  { norm = 'linf', loss = crossEntropyEach, target, ...options }: GoalOptions,
  logits: (x: Tensor) => Tensor,
  { x, y, ids, ...own }: Samples,
  key: Key
): Task => {
  const epsilon = own.epsilon ?? options.epsilon
  const centre = ops.stopGradient(x)
  const common = { norm, ids, logits, ball: ballAround(operation, { ...options, epsilon }, centre) }
  if (target === undefined) return { ...common, objective: loss(y), margin: margin(y) }
  const goal = target({ logits: logits(centre), y, ids, given: own.target, key: fold(FOR_TARGET)(key) })
  return {
    ...common,
    objective: (z) => ops.neg(loss(goal)(z)),
    margin: (z) => ops.neg(reached(goal)(z))
  }
}

/** z_t − max_{j≠t} z_j, [n]: at least 0 where the target is reached. */
const reached = margin

/** How well a point does. A margin that is no number counts as success: such a model classifies nothing. */
export const judge = (task: Pick<Task, 'logits' | 'objective' | 'margin'>, x: Tensor): Candidate => {
  interface Seen {
    readonly logits: Tensor
    readonly margin: Tensor
  }
  const seen: Seen = lazily<Seen>({ logits: () => task.logits(x), margin: () => task.margin(seen.logits) })
  return lazily<Candidate>({
    x: () => x,
    broken: () => not(ops.greater(0)(seen.margin)),
    loss: () => task.objective(seen.logits),
    margin: () => seen.margin
  })
}

/** The gradient of the objective, of the shape of the inputs. */
export const gradientAt = ({ objective, logits }: Task, x: Tensor): Tensor => {
  const [losses, pull] = vjp((at: Tensor) => objective(logits(at)))(x)
  return pull(ops.ones(losses.shape))
}

/** The better of two candidates for the attacker, sample by sample, by success and then `by`; the first at a tie. */
export const worse =
  (by: (candidate: Candidate) => Tensor) =>
  (a: Candidate, b: Candidate): Candidate => {
    const further = ops.mul(ops.equal(a.broken)(b.broken))(ops.greater(by(a))(by(b)))
    const takeB = ops.max(further)(ops.greater(a.broken)(b.broken))
    return {
      x: chooseEach(takeB)(b.x, a.x),
      broken: ops.select(takeB)(b.broken, a.broken),
      loss: ops.select(takeB)(b.loss, a.loss),
      margin: ops.select(takeB)(b.margin, a.margin)
    }
  }

/** The largest finite number of float32. */
const LARGEST = 3.4028234663852886e38

/** What is wrong with a gradient, [n] each: 1 where it is zero everywhere, and where an entry is not finite. */
export type Faults = { readonly zero: Tensor; readonly nonFinite: Tensor }

/** Looks for {@link Faults}. */
export const gradientFaults = (gradient: Tensor): Faults => {
  const size = ops.abs(gradient)
  return {
    zero: not(maxEach(not(ops.equal(0)(size)))),
    nonFinite: maxEach(not(ops.lessEqual(LARGEST)(size)))
  }
}
