import * as base from '../data/index.js'
import { unwrapped, unwrapped2, unwrapped3 } from './unwrapped.js'

export * from '../data/index.js'

export const batches = unwrapped3(base.batches)
export const cifar10 = unwrapped(base.cifar10)
export const idx = unwrapped2(base.idx)
export const idxHeader = unwrapped(base.idxHeader)
export const labelled = unwrapped(base.labelled)
export const shaped = unwrapped2(base.shaped)
export const split = unwrapped3(base.split)
