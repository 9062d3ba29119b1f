import * as base from '../report/plot/index.js'
import { unwrapped } from './unwrapped.js'

export * from '../report/plot/index.js'

/** As {@link base.heatMap}, with the value: a Left is thrown. */
export const heatMap = unwrapped(base.heatMap)

/** As {@link base.histogram}, with the value: a Left is thrown. */
export const histogram = unwrapped(base.histogram)

/** As {@link base.lines}, with the value: a Left is thrown. */
export const lines = unwrapped(base.lines)

/** As {@link base.scatter}, with the value: a Left is thrown. */
export const scatter = unwrapped(base.scatter)

/** As {@link base.spectrum}, with the value: a Left is thrown. */
export const spectrum = unwrapped(base.spectrum)

/** As {@link base.trajectories}, with the value: a Left is thrown. */
export const trajectories = unwrapped(base.trajectories)
