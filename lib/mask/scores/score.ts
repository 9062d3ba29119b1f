import type { Key } from '../../graph/key.js'
import type { Attack, Batch } from '../../nn/model.js'
import type { MaskedLeaves, Params, Weights } from '../../nn/layer.js'

/**
 * A score: the parameters of a network, labelled examples and a key to a number for each weight, and each bias where asked;
 * larger is kept. A bias is scored by the formula of a weight, so that biases that start at 0 score 0 by all but `random`.
 */
export type Score = (params: Params, batch: Required<Batch>, key: Key) => Weights

/** The options of a score that looks at data. */
export interface DataScoreOptions extends MaskedLeaves {
  /** The attack on the inputs on which the score is taken. @defaultValue none */
  readonly attack?: Attack
}
