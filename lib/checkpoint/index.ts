/**
 * Runs that can be saved and resumed. {@link runSteps} takes the steps of any run and saves its {@link RunState} in a
 * {@link Store}: one safetensors file with the state as named tensors, and what the run depends on as fingerprints. Training,
 * mask searches and experiments run on it. A new kind of run says how its state becomes tensors (`encode`, `decode`) and
 * what it depends on (`settings`); a new place to save to is a new `Store`.
 */
export {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  type Store,
  type Stores,
  type Tensors
} from './checkpoint.js'
export { fingerprint, fingerprintFunction, type Settings } from './fingerprint.js'
export { type Resumable, restore, type RunState, save } from './run-state.js'
export { type Checkpointing, type Ended, runSteps, type Steps, type Taken } from './run-steps.js'
