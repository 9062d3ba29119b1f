import { fail } from '../../core/error.js'
import type { HostKey } from '../../core/key.js'
import { requireShape, type Shape } from '../../core/shape.js'
import { split } from '../../graph/key.js'
import { ops } from '../../graph/ops/index.js'
import type { Concrete } from '../../graph/spec.js'
import type { Tensor } from '../../graph/tensor.js'
import { type Layer, type LayerParams, type Network, type Params, serial } from '../../nn/index.js'

/** The description of a finite network: a layer, a chain of blocks, or the sum of blocks that read one input. */
export type FiniteBlock =
  | { readonly kind: 'layer'; readonly layer: Layer }
  | { readonly kind: 'chain' | 'sum'; readonly blocks: readonly FiniteBlock[] }

/** All layers in order; this is also the order of their parameters. */
const layersOf = (block: FiniteBlock): readonly Layer[] =>
  block.kind === 'layer' ? [block.layer] : block.blocks.flatMap(layersOf)

const isStack = (block: FiniteBlock): boolean =>
  block.kind === 'layer' || (block.kind === 'chain' && block.blocks.every(isStack))

const outputShape =
  (block: FiniteBlock) =>
  (shape: Shape): Shape => {
    if (block.kind === 'layer') return block.layer.outputShape(shape)
    if (block.kind === 'chain') return block.blocks.reduce((s, part) => outputShape(part)(s), shape)
    const [first, ...rest] = block.blocks.map((part) => outputShape(part)(shape))
    for (const out of rest) requireShape('infinite.sum', undefined, out, first!, 'branches of one shape')
    return first!
  }

/** A list in parts of the given lengths, in order. */
export const inParts = <A>(list: readonly A[], lengths: readonly number[]): readonly (readonly A[])[] => {
  let next = 0
  return lengths.map((length) => list.slice(next, (next += length)))
}

/** The part of each block in a list that has one entry for each layer. */
const shares = <A>(blocks: readonly FiniteBlock[], list: readonly A[]): readonly (readonly A[])[] =>
  inParts(
    list,
    blocks.map((block) => layersOf(block).length)
  )

const init = (block: FiniteBlock, keys: readonly HostKey[], shape: Shape): Concrete<Params> => {
  if (block.kind === 'layer') return [block.layer.init(keys[0]!, shape)]
  let at = shape
  return shares(block.blocks, keys).flatMap((own, i) => {
    const part = block.blocks[i]!
    const params = init(part, own, at)
    if (block.kind === 'chain') at = outputShape(part)(at)
    return params
  })
}

const apply = (block: FiniteBlock, params: readonly LayerParams[], x: Tensor): Tensor => {
  if (block.kind === 'layer') return block.layer.apply(params[0]!)(x)
  const own = shares(block.blocks, params)
  return block.kind === 'chain'
    ? block.blocks.reduce((h, part, i) => apply(part, own[i]!, h), x)
    : block.blocks.map((part, i) => apply(part, own[i]!, x)).reduce((sum, h) => ops.add(h)(sum))
}

/** Builds a network: `nn.serial` of a stack of layers; a network with sums refuses to list its layers. */
export const finiteNetwork = (block: FiniteBlock): Network => {
  const layers = layersOf(block)
  if (isStack(block)) return serial(...layers)
  return {
    get layers() {
      return fail('ArgumentError', 'network.layers', 'a stack of layers', 'a network with residual sums')
    },
    outputShape: outputShape(block),
    init: (key, shape) => {
      outputShape(block)(shape)
      return init(block, split<number>(layers.length)(key), shape)
    },
    apply: (params) =>
      params.length === layers.length
        ? (x) => apply(block, params, x)
        : fail('TreeError', 'infinite.network', `parameters of ${layers.length} layers`, `${params.length}`)
  }
}
