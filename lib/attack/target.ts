import { plain } from '../core/plain.js'
import { fail } from '../core/error.js'
import type { Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import { random } from '../graph/key.js'
import type { Tensor } from '../graph/tensor.js'

/** What a target is chosen from. */
export interface TargetQuestion {
  /** The logits of the clean inputs, [n, classes]. */
  readonly logits: Tensor
  /** The labels, [n]. */
  readonly y: Tensor
  /** A number for each sample, [n], which selects its random numbers. */
  readonly ids: Tensor | undefined
  /** The targets that the batch brings, [n]. */
  readonly given: Tensor | undefined
  /** The key of random targets. */
  readonly key: Key
}

/** Chooses for each sample the class that a targeted attack drives it to, [n]. */
export type Target = (question: TargetQuestion) => Tensor

/** The number that lower logits, −∞ and NaN count as: above what `ops.topKMask` takes for the lowest. */
const LOWEST = -(2 ** 126)

/** The logits with the label's own out of the race, below every other. */
const others = ({ logits, y }: TargetQuestion): Tensor =>
  ops.where(ops.oneHot(logits.shape.at(-1)!)(y))(
    -Infinity,
    ops.where(ops.greaterEqual(LOWEST)(logits))(logits, LOWEST)
  )

/** The number of the one class that is marked, [n]. */
const marked = (oneHot: Tensor): Tensor =>
  ops.sum(-1)(ops.mul(ops.iota(oneHot.shape, oneHot.shape.length - 1))(oneHot))

const checkRank = (operation: string, rank: number, classes: number): void => {
  if (!(Number.isInteger(rank) && rank >= 1 && rank < classes)) {
    fail('ArgumentError', operation, `a rank in [1, ${classes - 1}]`, `${rank}`, 'target')
  }
}

/**
 * The class of the given rank among the wrong ones, from the most likely, 1, on: the targets of APGD-T and FAB-T.
 */
export const ranked = plain('attack.target.ranked', (rank: number): Target => (question) => {
  checkRank('attack.target.ranked', rank, question.logits.shape.at(-1)!)
  const wrong = others(question)
  const upTo = ops.topKMask(rank)(wrong)
  return marked(rank === 1 ? upTo : ops.sub(ops.topKMask(rank - 1)(wrong))(upTo))
})

/** The wrong class that the model holds least likely. */
export const leastLikely: Target = plain('attack.target.leastLikely', (question) =>
  ranked(question.logits.shape.at(-1)! - 1)(question)
)

/** The classes that the batch brings as `target`. */
export const given: Target = plain(
  'attack.target.given',
  (question) =>
    question.given ?? fail('ArgumentError', 'attack.target.given', 'a batch with targets', 'none', 'target')
)

/** One class for all samples; samples of that class are attacked already, and count as such. */
export const fixed = plain('attack.target.fixed', (label: number): Target => ({ y, logits }) => {
  const classes = logits.shape.at(-1)!
  return Number.isInteger(label) && label >= 0 && label < classes
    ? ops.fill(label, y.shape)
    : fail('ArgumentError', 'attack.target.fixed', `a class of 0 … ${classes - 1}`, `${label}`, 'target')
})

/** A wrong class at random, all equally likely. */
export const uniform: Target = plain('attack.target.uniform', ({ y, logits, ids, key }) => {
  const classes = logits.shape.at(-1)!
  if (classes < 2) fail('ArgumentError', 'attack.target.uniform', 'at least two classes', `${classes}`)
  const step = ops.floor(ops.scale(classes - 1)(random.uniform(y.shape, ids)(key)))
  const moved = ops.add(1)(ops.add(step)(y))
  return ops.sub(ops.scale(classes)(ops.greaterEqual(classes)(moved)))(moved)
})
