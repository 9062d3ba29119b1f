import { plain } from '../core/plain.js'
import { fail, showValue } from '../core/error.js'
import { fold, type Key, split } from '../graph/key.js'
import { type HostKey, requireKey } from '../core/key.js'
import { requireExample, type Shape } from '../core/shape.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import type { Model } from './model.js'

/** The parameters of one layer: weights and biases, or nothing. A type, not an interface, so that it is a tree. */
export type LayerParams = {
  /** The weights. */
  readonly w?: Tensor
  /** The biases. */
  readonly b?: Tensor
}

/** The parameters of a network: one record for each layer, empty for layers that have none. */
export type Params = readonly LayerParams[]

/** A part of a network with parameters of any form P: a {@link Layer}, a {@link Network} or what is made of them. */
export interface Block<P> {
  /** The shape of one output, for the shape of one example. */
  readonly outputShape: (inputShape: Shape) => Shape
  /** Concrete parameters drawn from a key, for the shape of one example. */
  readonly init: (key: HostKey, inputShape: Shape) => Concrete<P>
  /** Maps a batch [n, …inputShape] to [n, …outputShape]. */
  readonly apply: Model<P>
}

/** One layer: what it needs to start, and what it does to a batch [n, …]. Shapes are those of one example. */
export interface Layer {
  /** The shape of the outputs for a shape of inputs, both without the batch axis. */
  readonly outputShape: (inputShape: Shape) => Shape
  /** Draws parameters; the shape of the inputs is without the batch axis. */
  readonly init: (key: HostKey, inputShape: Shape) => Concrete<LayerParams>
  /** The outputs for a batch of inputs; a layer that draws random numbers does so from the key, and only where there is one. */
  readonly apply: Model<LayerParams>
}

/** What masks and scores need of a network: its function and, where it is made of layers, these. */
export interface NetworkLike<P> {
  /** The layers, where there are any. */
  readonly layers?: readonly Layer[]
  /** The outputs for a batch of inputs. */
  readonly apply: Model<P>
  /** No function is a network, although each has an `apply`: give the network and not its `apply`. */
  readonly call?: never
}

/** A network: `init` makes concrete parameters, `apply(params)` maps a batch [n, …inputShape] to [n, …outputShape]. */
export interface Network extends NetworkLike<Params> {
  /** The layers, in order. */
  readonly layers: readonly Layer[]
  /** The shape of the outputs for a shape of inputs, both without the batch axis. */
  readonly outputShape: (inputShape: Shape) => Shape
  /** Draws the parameters of all layers; the shape of the inputs is without the batch axis. */
  readonly init: (key: HostKey, inputShape: Shape) => Concrete<Params>
}

/** The key of the l-th of several layers, if they are given one. */
export const childOf = (key: Key | undefined, l: number): Key | undefined =>
  key === undefined ? undefined : fold(l)(key)

const names = ['outputShape', 'init', 'apply'] as const

/** Refuses what is no layer or block among others, and says what to make of a function. */
export const requireBlocks = (
  operation: string,
  blocks: readonly unknown[],
  places: readonly string[]
): void =>
  blocks.forEach((block, l) => {
    const isBlock =
      typeof block === 'object' &&
      block !== null &&
      names.every((name) => typeof Reflect.get(block, name) === 'function')
    if (!isBlock)
      fail(
        'ArgumentError',
        operation,
        'a layer, as nn.relu; of a function, nn.pointwise(f)',
        showValue(block),
        places[l]
      )
  })

/** Layers in order; each gets its own parameters, whatever their form. */
const chain = (layers: readonly Layer[]): Network => ({
  layers,
  outputShape: (inputShape) => layers.reduce((shape, layer) => layer.outputShape(shape), inputShape),
  init: (key, inputShape) => {
    requireKey('nn.serial', key)
    requireExample('nn.serial', inputShape)
    const keys = split<number>(layers.length)(key)
    const built = layers.reduce<{ readonly shape: Shape; readonly params: Concrete<Params> }>(
      ({ shape, params }, layer, l) => ({
        shape: layer.outputShape(shape),
        params: [...params, layer.init(keys[l]!, shape)]
      }),
      { shape: inputShape, params: [] }
    )
    return built.params
  },
  apply: (params, key) => {
    if (params.length !== layers.length) {
      fail('TreeError', 'nn.serial', `parameters of ${layers.length} layers`, `${params.length}`)
    }
    return (x) => layers.reduce((h, layer, l) => layer.apply(params[l]!, childOf(key, l))(h), x)
  }
})

/** A block, whatever its parameters are. */
interface AnyBlock extends Pick<Block<never>, 'outputShape' | 'apply'> {
  readonly init: (key: HostKey, inputShape: Shape) => unknown
}

/** The parameters of a block. */
export type ParamsOf<B> = B extends {
  /** What it does with its parameters. */
  readonly apply: (params: infer P, key?: Key) => unknown
}
  ? P
  : never

/** What {@link serial} is: of layers a network, of blocks with parameters of any form a block with theirs in a list. */
export interface InSeries {
  (...layers: readonly Layer[]): Network
  <B extends readonly AnyBlock[]>(...blocks: B): Block<{ readonly [L in keyof B]: ParamsOf<B[L]> }>
}

/**
 * Layers one after the other. Layer l draws its parameters from the l-th child of the key, and where `apply` is
 * given a key, it is given `fold(l)` of that. Blocks with other parameters than those of a layer, such as {@link residual} ones,
 * give a {@link Block} whose parameters are a list of theirs.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, key, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(8), nn.relu, nn.dense(3))
 * const params = net.init(key(0), [4])
 * const logits = evaluateOn((p: nn.Params, x: Tensor) => net.apply(p)(x))(params, ndarray.zeros([2, 4]))
 * assert.deepEqual(logits.shape, [2, 3])
 */
export const serial = plain('nn.serial', ((...layers: readonly Layer[]): Network => {
  requireBlocks(
    'nn.serial',
    layers,
    layers.map((_, l) => `layers[${l}]`)
  )
  return chain(layers)
  // each block is given the parameters that it drew, whatever their form
}) as InSeries)
