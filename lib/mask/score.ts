import { pipe } from 'fp-ts/lib/function.js'
import { grad, jacrev, vmap } from '../diff/index.js'
import { fold, type Key } from '../graph/key.js'
import * as ops from '../graph/ops/index.js'
import * as random_ from '../graph/random.js'
import type { Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import { fill } from '../graph/constant.js'
import { none } from '../attack/attack.js'
import type { Attack, Batch, Model } from '../nn/batch.js'
import { type Network, type Params, type Weights, weightsOf } from '../nn/layer.js'
import { crossEntropy } from '../nn/loss.js'

export { grasp, type GraspOptions } from './score/grasp.js'
export { synflow } from './score/synflow.js'

// Scores are trees over the weights of a network; larger is kept.

/** Uniform noise in [0, 1), a stream of its own for each layer: with layer counts, a random mask. */
export const random =
  (key: Key) =>
  (params: Params): Weights =>
    params.map(({ w }, l) => (w === undefined ? {} : { w: random_.uniform(w.shape)(fold(l)(key)) }))

/** |w| (Han, Pool, Tran, Dally, arXiv:1506.02626); layer by layer as a rule, since layers differ in scale. */
export const magnitude = (params: Params): Weights => tree.map(ops.abs)(weightsOf(params))

/** What a score that looks at data needs. */
export interface DataScoreOptions {
  /** The inputs on which the score is taken: attacked ones, or as they are (the default). */
  readonly attack?: Attack
}

/** |w ∂L/∂w| for the mean cross-entropy L (SNIP: Lee, Ajanthan, Torr, arXiv:1810.02340). */
export const snip =
  (model: Model<Params>, { attack = none }: DataScoreOptions = {}) =>
  (params: Params, batch: Batch, key: Key): Weights => {
    const { x } = attack(model)(params, batch, key)
    const gradient = grad((p: Params) => crossEntropy(batch.y)(model(p)(x)))(params)
    return pipe(
      weightsOf(params),
      tree.zipWith(weightsOf(gradient), (w, g) => ops.abs(ops.mul(g)(w)))
    )
  }

/** The square root of a mean square over axis 0. */
const rms = (x: Tensor): Tensor => pipe(x, ops.square, ops.mean(0), ops.sqrt)

/**
 * The kernel-trace score |wᵢⱼ| dᵢ hⱼ of a network of dense layers: hⱼ the root mean square of a layer's input j, dᵢ =
 * √(Σ_o mean (∂f_o/∂preᵢ)²) with preᵢ the layer's i-th result, both over the (attacked) inputs; divided by its mean
 * over all weights. The square without |w| is the share of weight ij in the trace of the kernel, if inputs and
 * cotangents vary independently; so what is kept carries the kernel. A weight on an input that is always 0 scores 0.
 */
export const kernelTrace =
  (network: Network, { attack = none }: DataScoreOptions = {}) =>
  (params: Params, batch: Batch, key: Key): Weights => {
    const { x } = attack(network.apply)(params, batch, key)
    const inputs = inputsOf(network, params, x)
    const perturbations = params.map(({ w }) =>
      w === undefined ? {} : { w: fill(0, [w.shape[w.shape.length - 1]!]) }
    )
    const responses = vmap((example: Tensor) =>
      jacrev((shifts: Weights) =>
        ops.squeeze(0)(shifted(network, params, shifts)(ops.expandDims(0)(example)))
      )(perturbations)
    )(x)
    const raw = params.map(({ w }, l): { readonly w?: Tensor } => {
      const response = responses[l]?.w
      if (w === undefined || response === undefined) return {}
      const d = pipe(response, ops.square, ops.sum(1), ops.mean(0), ops.sqrt)
      return { w: pipe(ops.abs(w), ops.mul(d), ops.mul(ops.expandDims(1)(rms(inputs[l]!)))) }
    })
    const parts = tree.tensors(raw)
    const count = parts.reduce((n, part) => n + part.shape.reduce((a, b) => a * b, 1), 0)
    const total = parts.map(ops.sum()).reduce((a, b) => ops.add(b)(a))
    return tree.map(ops.div(ops.scale(1 / count)(total)))(raw)
  }

/** What goes into each layer. */
const inputsOf = (network: Network, params: Params, x: Tensor): readonly Tensor[] =>
  network.layers.reduce<readonly Tensor[]>(
    (seen, layer, l) => [...seen, layer.apply(params[l]!)(seen[l]!)],
    [x]
  )

/** The network with a number added to each result of each weighted layer. */
const shifted =
  (network: Network, params: Params, shifts: Weights) =>
  (x: Tensor): Tensor =>
    network.layers.reduce((h, layer, l) => {
      const shift = shifts[l]?.w
      const out = layer.apply(params[l]!)(h)
      return shift === undefined ? out : ops.add(shift)(out)
    }, x)
