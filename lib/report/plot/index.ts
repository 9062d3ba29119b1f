/**
 * Plots as SVG text. A plot is two axes, marks that draw at their values, and a legend (`drawing`); `figure` makes a file of its own
 * out of it, `picture` a part of a page. The exports of this index are the public namespace `plot`: they take plain numbers
 * and return an Either. A new plot is a new file that calls `layOut`; a new kind of mark goes into `mark`.
 */
export { heatMap, type HeatMapOptions } from './heat-map.js'
export { histogram, type HistogramOptions, type Sample } from './histogram.js'
export { lines, type LinesOptions, scatter, type Series } from './lines.js'
export { type NamedSpectrum, spectrum, type SpectrumOptions } from './spectrum.js'
export { type Compared, trajectories, type TrajectoryOptions } from './trajectories.js'
