import * as base from '../mask/index.js'
import { unwrapped3 } from './unwrapped.js'

export * from '../mask/index.js'

/** As {@link base.iterative}, with a promise of what it gives. */
export const iterative = unwrapped3(base.iterative)

/** As {@link base.learn}, with a promise of what it gives. */
export const learn = unwrapped3(base.learn)

/** As {@link base.oneShot}, with a promise of what it gives. */
export const oneShot = unwrapped3(base.oneShot)

/** As {@link base.search}, with a promise of what it gives. */
export const search = unwrapped3(base.search)

/** As {@link base.transfer}, with a promise of what it gives. */
export const transfer = unwrapped3(base.transfer)
