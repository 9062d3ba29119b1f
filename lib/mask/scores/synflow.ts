import { pipe } from 'fp-ts/lib/function.js'
import { grad } from '../../diff/index.js'
import { fill } from '../../graph/contract.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import type { Batch, Model } from '../../nn/model.js'
import { fanIn } from '../masked-leaves.js'
import { type MaskedLeaves, type Params, type Weights, weightsOf, withWeights } from '../../nn/layer.js'

/**
 * The synaptic saliency |w ∂R/∂w|, R the sum of the outputs that the network of absolute weights gives for an input of
 * ones (SynFlow: Tanaka, Kunin, Yamins, Ganguli, arXiv:2006.05467, eq. 1). No data enter, only their shape; biases are
 * taken as 0, or as |b| where they are scored too. It is made to be taken round by round, `mask.iterative`. Each layer is
 * divided by the mean of its absolute weights times its fan-in, and biases by what their layer and those before are divided
 * by: R is homogeneous in them, so the order of the scores stays, and no product over many layers overflows float32.
 */
export const synflow =
  (model: Model<Params>, leaves: MaskedLeaves = {}) =>
  (params: Params, { x }: Batch): Weights => {
    const [, ...example] = x.shape
    const silent = params.map(({ b, ...rest }) => (b === undefined ? rest : { ...rest, b: fill(0, b.shape) }))
    const scored = normalised(weightsOf(params, leaves))
    const flow = (w: Weights): Tensor => ops.sum()(model(withWeights(silent, w))(ops.ones([1, ...example])))
    return pipe(
      scored,
      tree.zipWith(grad(flow)(scored), (w, g) => ops.abs(ops.mul(g)(w)))
    )
  }

/** What is behind, and what everything there was divided by. */
interface Scaled {
  readonly layers: Weights
  readonly by: readonly Tensor[]
}

/** Absolute weights divided by what one unit of the next layer receives on average from inputs of 1, and biases in step. */
const normalised = (params: Weights): Weights =>
  params.reduce<Scaled>(
    ({ layers, by }, { w, b }) => {
      if (w === undefined) return { layers: [...layers, {}], by }
      const size = ops.abs(w)
      const own = ops.scale(fanIn(w.shape))(ops.mean()(size))
      const all = [...by, own]
      const bias = b === undefined ? {} : { b: all.reduce((x, s) => ops.div(s)(x), ops.abs(b)) }
      return { layers: [...layers, { ...bias, w: ops.div(own)(size) }], by: all }
    },
    { layers: [], by: [] }
  ).layers
