import * as base from '../train/index.js'
import { unwrapped3 } from './unwrapped.js'

export * from '../train/index.js'

export const fit = unwrapped3(base.fit)
export const meanLoss = unwrapped3(base.meanLoss)
export const paramsAfter = unwrapped3(base.paramsAfter)
export const rewind = unwrapped3(base.rewind)
export const threeStage = unwrapped3(base.threeStage)
export const trainAndPrune = unwrapped3(base.trainAndPrune)
