import type { Model } from '../nn/model.js'
import * as base from '../ntk/index.js'
import { effect, unwrapped, unwrapped2, unwrapped3 } from './unwrapped.js'

export * from '../ntk/index.js'

export const alignment = unwrapped(base.alignment)
export const drift = unwrapped(base.drift)
export const effectiveRank = unwrapped(base.effectiveRank)
export const kernelRegression = unwrapped(base.kernelRegression)
export const labelAlignment = unwrapped(base.labelAlignment)
export const maxLearningRate = unwrapped(base.maxLearningRate)
export const modeResiduals = unwrapped(base.modeResiduals)
export const predictAdversarial = unwrapped3(base.predictAdversarial)
export const predictCost = unwrapped2(base.predictCost)
export const predictDescent = unwrapped(base.predictDescent)
export const predictEnsemble = unwrapped(base.predictEnsemble)
export const predictMse = unwrapped(base.predictMse)
export const predictOde = unwrapped(base.predictOde)
export const spectrum = unwrapped(base.spectrum)
export const tiled = unwrapped3(base.tiled)

export const forEachBlock =
  <P>(model: Model<P>, options?: base.TiledOptions) =>
  (visit: (block: base.KernelBlock) => Promise<void>) =>
    unwrapped2(base.forEachBlock(model, options)((block) => effect(() => visit(block))))
