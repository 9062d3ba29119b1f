import * as base from '../train/index.js'
import { unwrapped3 } from './unwrapped.js'

export * from '../train/index.js'

/** As {@link base.fit}, with a promise of what it gives. */
export const fit = unwrapped3(base.fit)

/** As {@link base.meanLoss}, with a promise of what it gives. */
export const meanLoss = unwrapped3(base.meanLoss)

/** As {@link base.paramsAfter}, with a promise of what it gives. */
export const paramsAfter = unwrapped3(base.paramsAfter)

/** As {@link base.rewind}, with a promise of what it gives. */
export const rewind = unwrapped3(base.rewind)

/** As {@link base.threeStage}, with a promise of what it gives. */
export const threeStage = unwrapped3(base.threeStage)

/** As {@link base.trainAndPrune}, with a promise of what it gives. */
export const trainAndPrune = unwrapped3(base.trainAndPrune)
