import type { Model } from '../nn/model.js'
import * as base from '../ntk/index.js'
import { effect, unwrapped, unwrapped2, unwrapped3 } from './unwrapped.js'

export * from '../ntk/index.js'

/** As {@link base.alignment}, with the value: a Left is thrown. */
export const alignment = unwrapped(base.alignment)

/** As {@link base.drift}, with the value: a Left is thrown. */
export const drift = unwrapped(base.drift)

/** As {@link base.effectiveRank}, with the value: a Left is thrown. */
export const effectiveRank = unwrapped(base.effectiveRank)

/** As {@link base.kernelRegression}, with the value: a Left is thrown. */
export const kernelRegression = unwrapped(base.kernelRegression)

/** As {@link base.labelAlignment}, with the value: a Left is thrown. */
export const labelAlignment = unwrapped(base.labelAlignment)

/** As {@link base.maxLearningRate}, with the value: a Left is thrown. */
export const maxLearningRate = unwrapped(base.maxLearningRate)

/** As {@link base.modeResiduals}, with the value: a Left is thrown. */
export const modeResiduals = unwrapped(base.modeResiduals)

/** As {@link base.predictAdversarial}, with a promise of what it gives. */
export const predictAdversarial = unwrapped3(base.predictAdversarial)

/** As {@link base.predictCost}, with the value: a Left is thrown. */
export const predictCost = unwrapped2(base.predictCost)

/** As {@link base.predictDescent}, with the value: a Left is thrown. */
export const predictDescent = unwrapped(base.predictDescent)

/** As {@link base.predictEnsemble}, with the value: a Left is thrown. */
export const predictEnsemble = unwrapped(base.predictEnsemble)

/** As {@link base.predictMse}, with the value: a Left is thrown. */
export const predictMse = unwrapped(base.predictMse)

/** As {@link base.predictOde}, with the value: a Left is thrown. */
export const predictOde = unwrapped(base.predictOde)

/** As {@link base.spectrum}, with the value: a Left is thrown. */
export const spectrum = unwrapped(base.spectrum)

/** As {@link base.tiled}, with a promise of what it gives. */
export const tiled = unwrapped3(base.tiled)

/** As {@link base.forEachBlock}, for a visit that gives a promise, with a promise that is settled after the last. */
export const forEachBlock =
  <P>(model: Model<P>, options?: base.TiledOptions) =>
  (visit: (block: base.KernelBlock) => Promise<void>) =>
    unwrapped2(base.forEachBlock(model, options)((block) => effect(() => visit(block))))
