/**
 * Experiments: networks whose weights are chosen by several methods, trained and attacked seed by seed. An {@link Experiment}, a
 * value that a JSON file can hold, goes into {@link run} with a place to save to; an {@link ExperimentRecord} comes out, from
 * which `report/` draws. A new method is a variant in methods/ and a row of its table, a new attack a row in attacks.ts, a new
 * network, schedule, optimiser or training attack a row in network-setting.ts or training-setting.ts. Nothing here reads files:
 * images and stores are given.
 *
 * @module tangentflow/experiment
 */
export { digits, digitsDefaults, type DigitsOptions } from './digits.js'
export { type ImageSet, setNames } from './images.js'
export { methodNames, MethodSetting } from './methods/index.js'
export { ExperimentRecord, ExperimentRun, type Measures } from './experiment-record.js'
export { decodeJson, encodeJson } from './encode-json.js'
export type { OpenEngine, PhaseProgress } from './compute-run.js'
export { type ExperimentOptions, type ExperimentProgress, type Jobs, run } from './run.js'
export { Experiment, nameOf, type RunSetting, runsOf } from './experiment.js'
