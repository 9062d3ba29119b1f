export { heatMap, type HeatMapOptions } from './heat-map.js'
export { type NamedSpectrum, spectrum, type SpectrumOptions } from './spectrum.js'
export { type Compared, trajectories, type TrajectoryOptions } from './trajectories.js'
