import { plain } from '../core/plain.js'
import { pipe } from 'fp-ts/lib/function.js'
import { fail } from '../core/error.js'
import { sameShape, showShape } from '../core/shape.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'

/**
 * A loss of a batch, data-last: labels or targets first, then the network's outputs. Labels are class numbers 0, 1, 2 … of shape
 * [n], for logits [n, classes]; a label that is no class is not detected here (data loaders refuse it). Targets have the shape
 * of the outputs, [n, …]. Other shapes are a ShapeError: nothing is broadcast.
 */
export type Loss = (target: Tensor) => (outputs: Tensor) => Tensor

/** Requires targets of the shape of the outputs, with an axis of examples. */
const requireSameShape = (operation: string, targets: Tensor, { shape }: Tensor): void => {
  if (shape.length === 0 || !sameShape(targets.shape, shape))
    fail(
      'ShapeError',
      operation,
      'targets and outputs of one shape, [n, …]',
      `${showShape(targets.shape)} and ${showShape(shape)}`
    )
}

/** Requires a label for each row of logits. */
const requireLabelEach = (operation: string, labels: Tensor, { shape }: Tensor): void => {
  if (shape.length === 0 || !sameShape(labels.shape, shape.slice(0, -1)))
    fail(
      'ShapeError',
      operation,
      'labels [n] for logits [n, classes]',
      `${showShape(labels.shape)} for ${showShape(shape)}`
    )
}

/**
 * −log softmax(z)_y of each example, [n]. Shifted by the largest logit, so it is finite where float32 holds the logits'
 * differences; a class of logit −∞ has probability 0.
 */
export const crossEntropyEach: Loss = plain('nn.crossEntropyEach', (labels) => (logits) => {
  requireLabelEach('nn.crossEntropy', labels, logits)
  return ops.neg(ops.gather(labels)(ops.logSoftmax(-1)(logits)))
})

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
export const crossEntropy: Loss = plain(
  'nn.crossEntropy',
  (labels) => (logits) => ops.mean()(crossEntropyEach(labels)(logits))
)

/** ½‖f − y‖² of each example, [n]; outputs and targets [n], [n, outputs] or [n, …]. */
export const mseEach: Loss = plain('nn.mseEach', (targets) => (outputs) => {
  requireSameShape('nn.mse', targets, outputs)
  const squares = ops.square(ops.sub(targets)(outputs))
  const inner = squares.shape.slice(1).map((_, axis) => axis + 1)
  return ops.scale(0.5)(inner.length === 0 ? squares : ops.sum(inner)(squares))
})

/** (1/2N) Σ‖f − y‖²: the loss under which gradient flow moves outputs by −(1/N) Θ (f − y). */
export const mse: Loss = plain('nn.mse', (targets) => (outputs) => ops.mean()(mseEach(targets)(outputs)))

/** The largest logit of another class, [n]. */
const runnerUp = (labels: Tensor, logits: Tensor): Tensor => {
  const own = ops.oneHot(logits.shape[logits.shape.length - 1]!)(labels)
  return ops.reduceMax(-1)(ops.where(own)(-Infinity, logits))
}

/**
 * z_y − max_{j≠y} z_j of each example, [n]: positive exactly where the example is classified correctly; a tie counts
 * as broken (Carlini and Wagner, arXiv:1608.04644). To attack, raise its negative.
 */
export const margin: Loss = plain('nn.margin', (labels) => (logits) => {
  requireLabelEach('nn.margin', labels, logits)
  return ops.sub(runnerUp(labels, logits))(ops.gather(labels)(logits))
})

/**
 * The loss of Carlini and Wagner (arXiv:1608.04644, f₆) of each example, −max(z_y − max_{j≠y} z_j, −κ), [n]: what an
 * attack raises until the example is misclassified by κ, where its gradient ends. `cw(Infinity)` is the negative margin.
 * Its `targeted` is what an attack lowers to reach targets t, max(max_{j≠t} z_j − z_t, −κ), with a gradient until they lead by κ.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const loss = (z: Tensor, y: Tensor) => nn.cw(1)(y)(z)
 * const z = ndarray.fromNested([[3, 1], [0, 5]])
 * assert.deepEqual(ndarray.toNested(evaluateOn(loss)(z, ndarray.fromNested([0, 0]))), [-2, 1])
 */
export const cw = plain(
  'nn.cw',
  (
    confidence = 0
  ): Loss & {
    /** The loss of a target, which an attack lowers. */
    readonly targeted: Loss
  } => {
    const bounded = (lead: Tensor): Tensor => {
      if (!(confidence >= 0)) fail('ArgumentError', 'nn.cw', 'a confidence of at least 0', `${confidence}`)
      return confidence === Infinity ? lead : ops.min(confidence)(lead)
    }
    const untargeted: Loss = (labels) => (logits) => bounded(ops.neg(margin(labels)(logits)))
    const targeted: Loss = (targets) => (logits) => ops.neg(bounded(margin(targets)(logits)))
    return Object.assign(untargeted, { targeted })
  }
)

/** The least divisor: the quotient of two vanishing numbers is 0. */
const TINY = 1e-12

/** The rank-th largest logit, [n]: no sort, the largest of what the mask of the larger ones leaves. */
const ranked = (rank: number, logits: Tensor): Tensor =>
  ops.reduceMax(-1)(
    rank === 1 ? logits : ops.where(ops.topKMask(rank - 1)(ops.stopGradient(logits)))(-Infinity, logits)
  )

const atLeastClasses = (operation: string, least: number, why: string, { shape }: Tensor): void => {
  const classes = shape.at(-1) ?? 0
  if (classes < least)
    fail('ShapeError', operation, `logits of at least ${least} classes, because ${why}`, `${classes}`)
}

/**
 * The difference-of-logits-ratio loss of each example, −(z_y − max_{j≠y} z_j) / (z_π1 − z_π3), [n] (Croce and Hein,
 * arXiv:2003.01690, eq. 6): invariant to shift and scale of the logits. Fewer than three classes are a ShapeError; z_π
 * is z sorted from the largest.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const loss = (z: Tensor, y: Tensor) => nn.dlr(y)(z)
 * assert.ok(Math.abs(evaluateOn(loss)(ndarray.fromNested([[3, 1, -1]]), ndarray.fromNested([1])).data[0]! - 0.5) < 1e-9)
 */
export const dlr: Loss = plain('nn.dlr', (labels) => (logits) => {
  atLeastClasses('nn.dlr', 3, 'it divides by z_π1 − z_π3 (nn.cw takes two)', logits)
  const spread = ops.sub(ranked(3, logits))(ranked(1, logits))
  return ops.neg(ops.div(ops.max(TINY)(spread))(margin(labels)(logits)))
})

/**
 * The targeted DLR loss of each example, −(z_y − z_t) / (z_π1 − (z_π3 + z_π4) / 2), [n] (Croce and Hein,
 * arXiv:2003.01690, eq. 7): `targetedDlr(targets)(labels)(logits)`. Fewer than four classes are a ShapeError.
 */
export const targetedDlr = plain('nn.targetedDlr', (targets: Tensor): Loss => (labels) => (logits) => {
  const why = 'it divides by z_π1 − (z_π3 + z_π4) / 2 (nn.dlr takes three, nn.cw two)'
  atLeastClasses('nn.targetedDlr', 4, why, logits)
  requireLabelEach('nn.targetedDlr', labels, logits)
  requireLabelEach('nn.targetedDlr', targets, logits)
  const low = ops.scale(0.5)(ops.add(ranked(4, logits))(ranked(3, logits)))
  const spread = ops.max(TINY)(ops.sub(low)(ranked(1, logits)))
  return ops.div(spread)(ops.sub(ops.gather(labels)(logits))(ops.gather(targets)(logits)))
})

/**
 * KL(p ‖ q) of each example, [n]; p and q are given by their logits, p first: `kl(pLogits)(qLogits)`. A class that p gives
 * no probability adds nothing, whatever q gives it: 0 log 0 = 0.
 */
export const klEach: Loss = plain('nn.klEach', (target) => (logits) => {
  requireSameShape('nn.kl', target, logits)
  const [logP, logQ] = [ops.logSoftmax(-1)(target), ops.logSoftmax(-1)(logits)]
  const p = ops.exp(logP)
  return pipe(ops.where(ops.greater(0)(p))(ops.sub(logQ)(logP), 0), ops.mul(p), ops.sum(-1))
})

/** The mean of KL(p ‖ q) over a batch, in nats. */
export const kl: Loss = plain('nn.kl', (target) => (logits) => ops.mean()(klEach(target)(logits)))

/** 1 where the label's logit is above every other, else 0, [n]. */
export const correct: Loss = plain(
  'nn.correct',
  (labels) => (logits) => ops.greater(0)(margin(labels)(logits))
)

/** The fraction of a batch classified correctly, a scalar. */
export const accuracy: Loss = plain(
  'nn.accuracy',
  (labels) => (logits) => ops.mean()(correct(labels)(logits))
)
