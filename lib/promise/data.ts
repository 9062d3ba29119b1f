import * as base from '../data/index.js'
import { unwrapped, unwrapped2, unwrapped3 } from './unwrapped.js'

export * from '../data/index.js'

/** As {@link base.batches}, with the value: a Left is thrown. */
export const batches = unwrapped3(base.batches)

/** As {@link base.cifar10}, with the value: a Left is thrown. */
export const cifar10 = unwrapped(base.cifar10)

/** As {@link base.idx}, with the value: a Left is thrown. */
export const idx = unwrapped2(base.idx)

/** As {@link base.idxHeader}, with the value: a Left is thrown. */
export const idxHeader = unwrapped(base.idxHeader)

/** As {@link base.labelled}, with the value: a Left is thrown. */
export const labelled = unwrapped(base.labelled)

/** As {@link base.shaped}, with the value: a Left is thrown. */
export const shaped = unwrapped2(base.shaped)

/** As {@link base.split}, with the value: a Left is thrown. */
export const split = unwrapped3(base.split)
