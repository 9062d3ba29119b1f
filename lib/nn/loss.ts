import { pipe } from 'fp-ts/lib/function.js'
import * as ops from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'

/**
 * A loss of a batch, data-last: labels or targets first, then the network's outputs [n, classes]. Labels are class
 * numbers 0, 1, 2 … of shape [n]; a label that is no class is not noticed here (data loaders refuse it).
 */
export type Loss = (target: Tensor) => (outputs: Tensor) => Tensor

/** Stands for "no class": below every logit, and finite in float32. */
const LOWEST = -1e30

/**
 * −log softmax(z)_y of each example, [n]. Shifted by the largest logit, so it is finite for any finite logits.
 */
export const crossEntropyEach: Loss = (labels) => (logits) =>
  ops.neg(ops.gather(labels)(ops.logSoftmax(-1)(logits)))

/**
 * The mean cross-entropy of a batch, a scalar in nats.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const loss = (z: Tensor, y: Tensor) => nn.crossEntropy(y)(z)
 * const value = evaluateOn(loss)(ndarray.fromNested([[0, 0]]), ndarray.fromNested([1]))
 * assert.ok(Math.abs(ndarray.toNumber(value) - Math.log(2)) < 1e-12)
 */
export const crossEntropy: Loss = (labels) => (logits) => ops.mean()(crossEntropyEach(labels)(logits))

/** ½‖f − y‖² of each example, [n]; targets [n, outputs]. */
export const mseEach: Loss = (targets) => (outputs) =>
  pipe(outputs, ops.sub(targets), ops.square, ops.sum(-1), ops.scale(0.5))

/** (1/2N) Σ‖f − y‖²: the loss under which gradient flow moves outputs by −(1/N) Θ (f − y). */
export const mse: Loss = (targets) => (outputs) => ops.mean()(mseEach(targets)(outputs))

/** The largest logit of another class, [n]. */
const runnerUp = (labels: Tensor, logits: Tensor): Tensor => {
  const own = ops.oneHot(logits.shape[logits.shape.length - 1]!)(labels)
  return ops.reduceMax(-1)(ops.select(own)(LOWEST, logits))
}

/**
 * z_y − max_{j≠y} z_j of each example, [n]: positive exactly where the example is classified correctly; a tie counts
 * as broken (Carlini and Wagner, arXiv:1608.04644). To attack, raise its negative.
 */
export const margin: Loss = (labels) => (logits) =>
  ops.sub(runnerUp(labels, logits))(ops.gather(labels)(logits))

/**
 * The difference-of-logits-ratio loss of each example, −(z_y − max_{j≠y} z_j) / (z_π1 − z_π3), [n] (Croce and Hein,
 * arXiv:2003.01690, eq. 6): invariant to shift and scale of the logits. Needs at least three classes; z_π is z sorted
 * from the largest.
 */
export const dlr: Loss = (labels) => (logits) => {
  const third = ops.reduceMax(-1)(ops.select(ops.topKMask(2)(ops.stopGradient(logits)))(LOWEST, logits))
  const spread = ops.sub(third)(ops.reduceMax(-1)(logits))
  return ops.neg(ops.div(spread)(margin(labels)(logits)))
}

/** KL(p ‖ q) of each example, [n]; p and q are given by their logits, p first: `kl(pLogits)(qLogits)`. */
export const klEach: Loss = (target) => (logits) => {
  const [logP, logQ] = [ops.logSoftmax(-1)(target), ops.logSoftmax(-1)(logits)]
  return pipe(logP, ops.sub(logQ), ops.mul(ops.exp(logP)), ops.sum(-1))
}

/** The mean of KL(p ‖ q) over a batch, in nats. */
export const kl: Loss = (target) => (logits) => ops.mean()(klEach(target)(logits))

/** 1 where the label's logit is above every other, else 0, [n]. */
export const correct: Loss = (labels) => (logits) => ops.greater(0)(margin(labels)(logits))

/** The fraction of a batch classified correctly, a scalar. */
export const accuracy: Loss = (labels) => (logits) => ops.mean()(correct(labels)(logits))
