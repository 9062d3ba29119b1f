import { pipe } from 'fp-ts/lib/function.js'
import { checkOptions } from '../../core/options.js'
import { grad } from '../../diff/index.js'
import { fill } from '../../graph/contract.js'
import { ops } from '../../graph/ops/index.js'
import { isTensor, type Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import type { Batch, Model } from '../../nn/model.js'
import {
  isWeight,
  maskedLeafKinds,
  type MaskedLeaves,
  type Weights,
  weightsOf,
  withWeights
} from '../../nn/weights.js'
import { maskedLeaves } from '../masked-leaves.js'
import { oneForZero } from './score.js'
import { checked, ofModel } from '../../nn/require.js'

/**
 * The synaptic saliency |w ∂R/∂w|, R the sum of the outputs that the network of absolute weights gives for an input of
 * ones (SynFlow: Tanaka, Kunin, Yamins, Ganguli, arXiv:2006.05467, eq. 1). No data enter, only their shape; biases, which
 * every vector is taken for, are 0, or |b| where they are scored too, and scalars their absolute values. It is made to be taken
 * round by round, `mask.iterative`. Each layer is divided by the mean of its absolute weights times its fan-in, and biases by
 * what their layer and those before are divided by: R is homogeneous in them, so the order of the scores stays, and no product
 * over many layers overflows float32.
 */
export const synflow = checked(
  'mask.score.synflow',
  ofModel,
  <P>(model: Model<P>, leaves: MaskedLeaves = {}) => {
    checkOptions('mask.score.synflow', maskedLeafKinds, leaves)
    return (params: P, { x }: Pick<Batch, 'x'>): Weights<P> => {
      const [, ...example] = x.shape
      const silenced = (p: Tensor): Tensor => {
        if (isWeight(p)) return p
        return p.shape.length === 0 ? ops.abs(p) : fill(0, p.shape)
      }
      const silent = tree.map(silenced)(params)
      const scored = normalised(weightsOf(params, leaves))
      const flow = (w: Weights<P>): Tensor =>
        ops.sum()(model(withWeights(silent, w))(ops.ones([1, ...example])))
      return pipe(
        scored,
        tree.zipWith(grad(flow)(scored), (w, g) => ops.abs(ops.mul(g)(w)))
      )
    }
  }
)

/**
 * Absolute weights divided by what one unit of the next layer receives on average from inputs of 1, and biases by what the
 * weights before them in the tree and beside them are divided by.
 */
const normalised = <W>(weights: W): W => {
  const found = maskedLeaves(isTensor, weights).map((leaf) => ({ ...leaf, size: ops.abs(leaf.value) }))
  const scales = found.map(({ value, size, fanIn }) =>
    isWeight(value) ? oneForZero(ops.scale(fanIn)(ops.mean()(size))) : undefined
  )
  const images = found.map(({ size, layer }, i) =>
    scales
      .filter((_, j) => (scales[i] === undefined ? j < i || found[j]!.layer === layer : j === i))
      .reduce<Tensor>((x, scale) => (scale === undefined ? x : ops.div(scale)(x)), size)
  )
  return tree.replace<W>('mask.score.synflow', weights, images)
}
