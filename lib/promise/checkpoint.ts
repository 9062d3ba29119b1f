import * as base from '../checkpoint/index.js'
import { unwrapped, unwrapped2, unwrapped3 } from './unwrapped.js'

export * from '../checkpoint/index.js'

/** As {@link base.decodeCheckpoint}, with the value: a Left is thrown. */
export const decodeCheckpoint = unwrapped(base.decodeCheckpoint)

/** As {@link base.encodeCheckpoint}, with the value: a Left is thrown. */
export const encodeCheckpoint = unwrapped(base.encodeCheckpoint)

/** As {@link base.restore}, with a promise of what it gives. */
export const restore = unwrapped2(base.restore)

/** As {@link base.runSteps}, with a promise of what it gives. */
export const runSteps = unwrapped(base.runSteps)

/** As {@link base.save}, with a promise of what it gives. */
export const save = unwrapped3(base.save)
