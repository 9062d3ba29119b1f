import * as base from '../report/plot/index.js'
import { unwrapped } from './unwrapped.js'

export * from '../report/plot/index.js'

export const heatMap = unwrapped(base.heatMap)
export const histogram = unwrapped(base.histogram)
export const lines = unwrapped(base.lines)
export const scatter = unwrapped(base.scatter)
export const spectrum = unwrapped(base.spectrum)
export const trajectories = unwrapped(base.trajectories)
