import type { Key } from '../graph/key.js'
import type { Tensor } from '../graph/tensor.js'
import type { Attack, Batch, Model } from '../nn/model.js'
import type { Chunked } from './run.js'

/** What attacks raise: a loss of each example, [n], as `nn.crossEntropyEach`. */
export type AttackLoss = (labels: Tensor) => (logits: Tensor) => Tensor

/**
 * A labelled batch whose samples may bring a radius of their own, [n], which then stands in for the attack's `epsilon`,
 * and a class, [n], for `target.given`. As arguments of the program they may change from call to call: a curve over ε
 * compiles once.
 */
export type Samples = Batch & { readonly epsilon?: Tensor; readonly target?: Tensor }

/**
 * All that an attack found, for n samples. Rows are the points that were looked at, in order: the start, then one a
 * step; restarts and several attacks follow one another. Whatever a program does not return is not computed, so
 * training against `x` alone pays for `x` alone.
 */
export type Attacked = {
  /** Adversarial inputs, of the batch's shape. */
  readonly x: Tensor
  /** 1 where the attack succeeds at `x`, [n]: the sample is misclassified (a tie counts), or the target is reached. */
  readonly success: Tensor
  /** The first row at which the attack succeeds, [n]; −1 where it never does. */
  readonly firstSuccess: Tensor
  /** What was raised, at `x`, [n]. */
  readonly loss: Tensor
  /** At most 0 exactly where the attack succeeds, [n]: at `x`, z_y − max z_j, or for a target t, max z_j − z_t. */
  readonly margin: Tensor
  /** The loss of every point, [rows, n]. */
  readonly losses: Tensor
  /** The margin of every point, [rows, n]. */
  readonly margins: Tensor
  /** How many of a sample's gradients were zero everywhere, [n]. */
  readonly zeroGradients: Tensor
  /** How many of a sample's gradients had an entry that was not finite, [n]; such a step is not taken. */
  readonly nonFiniteGradients: Tensor
}

/**
 * An attack with a full result: usable wherever an `Attack` is, inside any traced function, and also cut into programs
 * by `attack.prepare` and `attack.run`.
 */
export interface FullAttack {
  <P>(model: Model<P>): (params: P, batch: Samples, key: Key) => Attacked
  /** The attack as a sequence of programs; see `attack.prepare`. */
  readonly chunked: Chunked
}

/** No attack: the inputs as they are. */
export const none: Attack = () => (_params, batch) => ({ x: batch.x })
