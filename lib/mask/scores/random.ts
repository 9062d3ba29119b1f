import { fold, type Key, random as draw } from '../../graph/key.js'
import type { Tensor } from '../../graph/tensor.js'
import { type MaskedLeaves, type Params, type Weights, weightsOf } from '../../nn/layer.js'
import { mapMasked, streamOf } from '../masked-leaves.js'

/** Uniform noise in [0, 1), a stream of its own for each leaf: with layer counts, a random mask. */
export const random =
  (key: Key, leaves: MaskedLeaves = {}) =>
  (params: Params): Weights =>
    mapMasked(({ shape }: Tensor, l, name) =>
      draw.uniform(shape)(fold(streamOf(params.length, l, name))(key))
    )(weightsOf(params, leaves))
