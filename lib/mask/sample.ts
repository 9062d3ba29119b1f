import { type HostKey, permutation } from '../core/key.js'
import type { Concrete } from '../graph/spec.js'
import { type Batch, type Dataset, takeExamples } from '../nn/batch.js'
import type { Weights } from '../nn/layer.js'
import { emptyLayers } from './choose.js'

/** The examples a score is taken on: the first of a shuffle. */
export const sampleOf = (
  data: Dataset,
  count: number,
  samples: number,
  key: HostKey
): Concrete<Required<Batch>> => takeExamples(data, permutation(key, count).slice(0, samples))

/** A mask, and the scores it came from. */
export interface OneShot {
  readonly mask: Concrete<Weights>
  readonly scores: Concrete<Weights>
  /** The layers that the mask empties, see `mask.emptyLayers`; none where all is well. */
  readonly emptyLayers: readonly number[]
}

/** A mask from scores, with the layers that it empties. */
export const oneShotOf = ({ mask, scores }: Omit<OneShot, 'emptyLayers'>): OneShot => ({
  mask,
  scores,
  emptyLayers: emptyLayers(mask)
})
