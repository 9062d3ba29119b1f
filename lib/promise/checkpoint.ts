import * as base from '../checkpoint/index.js'
import { unwrapped, unwrapped2, unwrapped3 } from './unwrapped.js'

export * from '../checkpoint/index.js'

export const decodeCheckpoint = unwrapped(base.decodeCheckpoint)
export const encodeCheckpoint = unwrapped(base.encodeCheckpoint)
export const restore = unwrapped2(base.restore)
export const runSteps = unwrapped(base.runSteps)
export const save = unwrapped3(base.save)
