import { pipe } from 'fp-ts/lib/function.js'
import { grad } from '../../diff/index.js'
import { fill } from '../../graph/constant.js'
import * as ops from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import type { Batch, Model } from '../../nn/batch.js'
import { fanIn } from '../density.js'
import { type Params, type Weights, weightsOf, withWeights } from '../../nn/layer.js'

/**
 * The synaptic saliency |w ∂R/∂w|, R the sum of the outputs that the network of absolute weights gives for an input of
 * ones (SynFlow: Tanaka, Kunin, Yamins, Ganguli, arXiv:2006.05467, eq. 1). No data enter, only their shape; biases are
 * taken as 0. It is meant to be taken round by round, `mask.iterative`. Each layer is divided by the mean of its
 * absolute weights times its fan-in: R is homogeneous in every layer, so the order of the scores stays, and no product
 * over many layers overflows float32.
 */
export const synflow =
  (model: Model<Params>) =>
  (params: Params, { x }: Batch): Weights => {
    const [, ...example] = x.shape
    const silent = params.map(({ b, ...rest }) => (b === undefined ? rest : { ...rest, b: fill(0, b.shape) }))
    const weights = tree.map((w) => normalised(ops.abs(w)))(weightsOf(params))
    const flow = (w: Weights): Tensor => ops.sum()(model(withWeights(silent, w))(ops.ones([1, ...example])))
    return pipe(
      weights,
      tree.zipWith(grad(flow)(weights), (w, g) => ops.abs(ops.mul(g)(w)))
    )
  }

/** Non-negative weights divided by what one unit of the next layer receives on average from inputs of 1. */
const normalised = (w: Tensor): Tensor => ops.div(ops.scale(fanIn(w.shape))(ops.mean()(w)))(w)
