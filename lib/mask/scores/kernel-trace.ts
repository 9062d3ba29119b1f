import { pipe } from 'fp-ts/lib/function.js'
import { none } from '../../attack/pgd.js'
import { requireWhole } from '../../core/check.js'
import { type Shape, sizeOf } from '../../core/shape.js'
import { jacrev, vmap } from '../../diff/index.js'
import { fill } from '../../graph/contract.js'
import type { Key } from '../../graph/key.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import type { Batch } from '../../nn/model.js'
import {
  type Layer,
  type LayerParams,
  type Network,
  type Params,
  type Weights,
  weightsOf
} from '../../nn/layer.js'
import { mapMasked } from '../masked-leaves.js'
import type { DataScoreOptions } from './score.js'

/** The options of the kernel-trace score. */
export interface KernelTraceOptions extends DataScoreOptions {
  /**
   * Examples whose derivatives by the weights of convolutions are held at once, examples × outputs × weights numbers. It
   * changes nothing but memory and rounding.
   *
   * @defaultValue so many as make 64 million numbers (256 MB)
   */
  readonly atOnce?: number
}

/** The most derivatives that are held at once by default. */
const HELD = 2 ** 26

/** The square root of a mean square over axis 0. */
const rms = (x: Tensor): Tensor => pipe(x, ops.square, ops.mean(0), ops.sqrt)

/** Whether each weight joins one input to one result, so that its derivative is a product. */
const isDense = (w: Tensor): boolean => w.shape.length === 2

/**
 * The kernel-trace score |w| √(Σ_o mean (∂f_o/∂w)²), the mean over the (attacked) inputs, divided by its mean over all
 * scores: the square without |w| is the share of the weight in the trace of the kernel, so what is kept carries the kernel. For
 * a dense layer, where ∂f_o/∂wᵢⱼ = s hⱼ ∂f_o/∂preᵢ, the factors are averaged by themselves, |wᵢⱼ| s dᵢ hⱼ: hⱼ the root mean
 * square of the layer's input j, dᵢ = √(Σ_o mean (∂f_o/∂preᵢ)²) with preᵢ its i-th result, which is the share if inputs
 * and cotangents vary independently, and s the factor that the layer's parametrisation gives its weights, 1 in the standard one. A convolution sums over places that vary together, so there the derivative itself is
 * squared, as it is for biases. A weight on an input that is always 0 scores 0.
 */
export const kernelTrace =
  (network: Network, { attack = none, atOnce, ...leaves }: KernelTraceOptions = {}) =>
  (params: Params, batch: Batch, key: Key): Weights => {
    const { x } = attack(network.apply)(params, batch, key)
    const inputs = inputsOf(network, params, x)
    const scored = weightsOf(params, leaves)
    const squares = sumOfSquares(network, params, scored, x, atOnce ?? fitting(network, params, x))
    const raw = mapMasked((p: Tensor, l, name) => {
      const d = pipe(squares[l]![name]!, ops.scale(1 / x.shape[0]!), ops.sqrt)
      const shared = pipe(ops.abs(p), ops.mul(d))
      if (!isDense(p)) return shared
      const scaled = ops.mul(factorOf(network.layers[l]!, params[l]!, p.shape))(shared)
      return ops.mul(ops.expandDims(1)(rms(inputs[l]!)))(scaled)
    })(scored)
    const parts = tree.tensors(raw)
    const count = parts.reduce((n, part) => n + sizeOf(part.shape), 0)
    const total = parts.map(ops.sum()).reduce((a, b) => ops.add(b)(a))
    return tree.map(ops.div(ops.scale(1 / count)(total)))(raw)
  }

/** By what a dense layer multiplies x·w, [1, outputs]: its response to ones through weights of 1, an input's share of it. */
const factorOf = (layer: Layer, { b }: LayerParams, [inputs = 1, outputs = 1]: Shape): Tensor => {
  const ones = { w: fill(1, [inputs, outputs]), ...(b === undefined ? {} : { b: fill(0, b.shape) }) }
  return ops.scale(1 / inputs)(layer.apply(ones)(fill(1, [1, inputs])))
}

/** How many examples' derivatives fit into what may be held. */
const fitting = (network: Network, params: Params, x: Tensor): number => {
  const weights = params.reduce((n, { w }) => (w === undefined || isDense(w) ? n : n + sizeOf(w.shape)), 0)
  const each = weights * sizeOf(network.outputShape(x.shape.slice(1)))
  return Math.max(1, Math.floor(HELD / Math.max(each, 1)))
}

/**
 * Σ over examples and outputs of the squared derivative: by each result of a dense layer, by each weight of any other, by each bias.
 * `atOnce` examples at a time.
 */
const sumOfSquares = (
  network: Network,
  params: Params,
  scored: Weights,
  x: Tensor,
  atOnce: number
): Weights => {
  requireWhole('mask.score.kernelTrace', 'atOnce', atOnce, 1)
  const shifts = mapMasked((p: Tensor) => fill(0, isDense(p) ? p.shape.slice(-1) : p.shape))(scored)
  const n = x.shape[0]!
  const parts = Array.from({ length: Math.ceil(n / atOnce) }, (_, i): Weights => {
    const some = n <= atOnce ? x : ops.sliceAxis(0, i * atOnce, Math.min(n, (i + 1) * atOnce))(x)
    const responses = vmap((example: Tensor) =>
      jacrev((by: Weights) => ops.squeeze(0)(shifted(network, params, by)(ops.expandDims(0)(example))))(
        shifts
      )
    )(some)
    return tree.map((response) => pipe(response, ops.square, ops.sum(1), ops.sum(0)))(responses)
  })
  return parts.reduce((total, part) => tree.zipWith(part, (a, b) => ops.add(b)(a))(total))
}

/** What goes into each layer. */
const inputsOf = (network: Network, params: Params, x: Tensor): readonly Tensor[] =>
  network.layers.reduce<readonly Tensor[]>(
    (seen, layer, l) => [...seen, layer.apply(params[l]!)(seen[l]!)],
    [x]
  )

/** The network with a number added to each result of each dense layer, to each weight of any other, and to each bias. */
const shifted =
  (network: Network, params: Params, shifts: Weights) =>
  (x: Tensor): Tensor =>
    network.layers.reduce((h, layer, l) => {
      const { w, b } = shifts[l] ?? {}
      const given = params[l]!
      const own = b === undefined || given.b === undefined ? given : { ...given, b: ops.add(b)(given.b) }
      if (w === undefined || own.w === undefined) return layer.apply(own)(h)
      return isDense(own.w)
        ? ops.add(w)(layer.apply(own)(h))
        : layer.apply({ ...own, w: ops.add(w)(own.w) })(h)
    }, x)
