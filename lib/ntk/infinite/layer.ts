import type { Block } from './block.js'
import type { Covariances, Spatial } from './covariances.js'

/**
 * What can be said of a layer's output given its input. `same`: they are equal. `linear`: it is a fixed linear map of the
 * input. `fresh`: it is linear in weights of the layer's own, drawn with mean zero after everything before, hence
 * uncorrelated with all of it. `other`: none of these.
 */
export type Ending = 'same' | 'linear' | 'fresh' | 'other'

/** One layer of an infinitely wide network: its limit, and the finite layers that tend to it. */
export interface InfiniteLayer {
  /** From the covariances of what goes in to those of what comes out. */
  readonly limit: (input: Covariances) => Covariances
  /** Which pairs of pixels of the input it needs in order to give the wanted ones. */
  readonly reads: (wanted: Spatial) => Spatial
  readonly ending: Ending
  /** How many widths the finite layers leave open. */
  readonly open: number
  /** The finite layers, in NTK parametrisation, with those widths. */
  readonly finite: (widths: readonly number[]) => Block
}
