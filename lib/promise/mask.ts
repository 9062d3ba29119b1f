import * as base from '../mask/index.js'
import { unwrapped3 } from './unwrapped.js'

export * from '../mask/index.js'

export const iterative = unwrapped3(base.iterative)
export const learn = unwrapped3(base.learn)
export const oneShot = unwrapped3(base.oneShot)
export const search = unwrapped3(base.search)
export const transfer = unwrapped3(base.transfer)
