import type { Attack } from '../nn/batch.js'
import type { Tensor } from '../graph/tensor.js'

/** What attacks raise: a loss of each example, [n], as `nn.crossEntropyEach`. */
export type AttackLoss = (labels: Tensor) => (logits: Tensor) => Tensor

/** No attack: the inputs as they are. */
export const none: Attack = () => (_params, batch) => ({ x: batch.x })
