import { pipe } from 'fp-ts/lib/function.js'
import { none } from '../../attack/pgd.js'
import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { requireWhole } from '../../core/check.js'
import { type Shape, sizeOf } from '../../core/shape.js'
import { type Leaf, leaves } from '../../core/tree.js'
import { jacrev, vmap } from '../../diff/index.js'
import { fill } from '../../graph/contract.js'
import type { Key } from '../../graph/key.js'
import { ops } from '../../graph/ops/index.js'
import { isTensor, type Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import type { Layer, LayerParams, NetworkLike, Params } from '../../nn/layer.js'
import type { Batch } from '../../nn/model.js'
import { isWeight, type Weights, weightsOf } from '../../nn/weights.js'
import { dataScoreKinds, type DataScoreOptions, oneForZero, withBoxOf } from './score.js'
import { checked, ofNetwork } from '../../nn/require.js'

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

const operation = 'mask.score.kernelTrace'

const kinds: OptionKinds<KernelTraceOptions> = { ...dataScoreKinds, atOnce: option.number }

/** The square root of a mean square over axis 0. */
const rms = (x: Tensor): Tensor => pipe(x, ops.square, ops.mean(0), ops.sqrt)

/**
 * The kernel-trace score |w| √(Σ_o mean (∂f_o/∂w)²), the mean over the (attacked) inputs, divided by its mean over all
 * scores: the square without |w| is the share of the weight in the trace of the kernel, so what is kept carries the kernel. For
 * a dense layer, where ∂f_o/∂wᵢⱼ = s hⱼ ∂f_o/∂preᵢ, the factors are averaged by themselves, |wᵢⱼ| s dᵢ hⱼ: hⱼ the root mean
 * square of the layer's input j, dᵢ = √(Σ_o mean (∂f_o/∂preᵢ)²) with preᵢ its i-th result, which is the share if inputs
 * and cotangents vary independently, and s the factor that the layer's parametrisation gives its weights, 1 in the standard one. A convolution sums over places that vary
 * together, so there the derivative itself is squared, as it is for biases and for all leaves of a network that is not made of
 * layers. A weight on an input that is always 0 scores 0.
 */
export const kernelTrace = checked(
  'mask.score.kernelTrace',
  ofNetwork,
  <P>(network: NetworkLike<P>, options: KernelTraceOptions = {}) => {
    const { attack = none, atOnce, ...covered } = checkOptions(operation, kinds, options)
    return withBoxOf(attack, (params: P, batch: Batch, key: Key): Weights<P> => {
      const { x } = attack(network.apply)(params, batch, key)
      const scored = weightsOf(params, covered)
      const found = leaves(operation, isTensor, scored)
      const layers = layersOf(network, params, x)
      const dense = new Map<string, LayerAt>(
        layers.flatMap((layer, l) =>
          layer.given.w?.shape.length === 2 ? [[`[${l}].w`, layer] as const] : []
        )
      )
      const shifts = found.map(({ path, value: { shape } }) =>
        fill(0, dense.has(path) ? shape.slice(-1) : shape)
      )
      const shifted = (by: readonly Tensor[]) =>
        layers.length === 0
          ? network.apply(tree.zipPart(tree.replace(operation, scored, by), (p, s) => ops.add(s)(p))(params))
          : shiftedLayers(layers, new Map(found.map(({ path }, i) => [path, by[i]!])))
      const outputs = network.apply(params)(x).shape.slice(1)
      const derivatives = found.filter(({ path, value }) => isWeight(value) && !dense.has(path))
      const squares = sumOfSquares(shifted, shifts, x, atOnce ?? fitting(derivatives, outputs))
      const raw = found.map(({ path, value: p }, i) => {
        const d = pipe(squares[i]!, ops.scale(1 / x.shape[0]!), ops.sqrt)
        const share = pipe(ops.abs(p), ops.mul(d))
        const layer = dense.get(path)
        if (layer === undefined) return share
        const scaled = ops.mul(factorOf(layer, p.shape))(share)
        return ops.mul(ops.expandDims(1)(rms(layer.input)))(scaled)
      })
      const count = found.reduce((n, { value }) => n + sizeOf(value.shape), 0)
      const total = raw.map(ops.sum()).reduce((a, b) => ops.add(b)(a))
      return tree.replace(operation, scored, raw.map(ops.div(oneForZero(ops.scale(1 / count)(total)))))
    })
  }
)

/** A layer, its parameters, and what goes into it. */
interface LayerAt {
  readonly layer: Layer
  readonly given: LayerParams
  readonly input: Tensor
}

/** The parameters of one layer, and not of a block that is made of several. */
const isLayer = (params: unknown): boolean =>
  typeof params === 'object' &&
  params !== null &&
  Object.entries(params).every(([name, value]) => (name === 'w' || name === 'b') && isTensor(value))

/** The parameters of a network of layers are layer by layer. */
const areLayered = (layers: readonly Layer[], params: unknown): params is Params =>
  Array.isArray(params) && params.length === layers.length && params.every(isLayer)

/** The layers of a network on a batch; none where it is not made of layers. */
const layersOf = <P>({ layers = [] }: NetworkLike<P>, params: P, x: Tensor): readonly LayerAt[] => {
  if (!areLayered(layers, params)) return []
  let input = x
  return layers.map((layer, l) => {
    const at = { layer, given: params[l]!, input }
    input = layer.apply(at.given)(input)
    return at
  })
}

/** By what a dense layer multiplies x·w, [1, outputs]: its response to ones through weights of 1, an input's share of it. */
const factorOf = ({ layer, given: { b } }: LayerAt, [inputs = 1, outputs = 1]: Shape): Tensor => {
  const ones = { w: fill(1, [inputs, outputs]), ...(b === undefined ? {} : { b: fill(0, b.shape) }) }
  return ops.div(inputs)(layer.apply(ones)(fill(1, [1, inputs])))
}

/** How many examples' derivatives by these leaves fit into what may be held. */
const fitting = (by: readonly Leaf<Tensor>[], outputs: Shape): number => {
  const each = by.reduce((n, { value }) => n + sizeOf(value.shape), 0) * sizeOf(outputs)
  return Math.max(1, Math.floor(HELD / Math.max(each, 1)))
}

/** Σ over examples and outputs of the squared derivative by each shift. `atOnce` examples at a time. */
const sumOfSquares = (
  shifted: (by: readonly Tensor[]) => (x: Tensor) => Tensor,
  shifts: readonly Tensor[],
  x: Tensor,
  atOnce: number
): readonly Tensor[] => {
  requireWhole(operation, 'atOnce', atOnce, 1, Infinity)
  const n = x.shape[0]!
  const parts = Array.from({ length: Math.ceil(n / atOnce) }, (_, i) => {
    const some = n <= atOnce ? x : ops.sliceAxis(0, i * atOnce, Math.min(n, (i + 1) * atOnce))(x)
    const responses = vmap((example: Tensor) =>
      jacrev((by: readonly Tensor[]) => ops.squeeze(0)(shifted(by)(ops.expandDims(0)(example))))(shifts)
    )(some)
    return responses.map((response) => pipe(response, ops.square, ops.sum(1), ops.sum(0)))
  })
  return parts.reduce((total, part) => tree.zipWith(part, (a, b) => ops.add(b)(a))(total))
}

/** Layers with a number added to each result of each dense layer, to each weight of any other, and to each bias. */
const shiftedLayers =
  (layers: readonly LayerAt[], shifts: ReadonlyMap<string, Tensor>) =>
  (x: Tensor): Tensor =>
    layers.reduce((h, { layer, given }, l) => {
      const [w, b] = [shifts.get(`[${l}].w`), shifts.get(`[${l}].b`)]
      const own = b === undefined || given.b === undefined ? given : { ...given, b: ops.add(b)(given.b) }
      if (w === undefined || own.w === undefined) return layer.apply(own)(h)
      return own.w.shape.length === 2
        ? ops.add(w)(layer.apply(own)(h))
        : layer.apply({ ...own, w: ops.add(w)(own.w) })(h)
    }, x)
