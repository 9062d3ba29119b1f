import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import type { Executed } from '../graph/runner.js'
import type { Plan } from './plan.js'

/** A plan made ready to run. `run` takes the plan's inputs and gives the graph's outputs. */
export interface Executable {
  readonly run: (inputs: readonly NdArray[]) => TaskEither<TangentError, readonly NdArray[]>
  readonly executed: Executed
  readonly dispose: Task<void>
}

/** How many resources are in use, by kind: programs, and the backend's kernels, plans, buffers and sessions. */
export type Resources = Readonly<Record<string, number>>

/** What an engine has to be able to do; everything else (tracing, optimising, caching) is shared. */
export interface Backend {
  readonly executed: Executed
  readonly load: (plan: Plan) => TaskEither<TangentError, Executable>
  /** What it holds on its device: on webgpu buffers are counted for all engines that share the device. */
  readonly held: () => Resources
  readonly dispose: Task<void>
}

/** Options for opening a backend. */
export interface OpenOptions {
  /** Number of threads. */
  readonly threads: number
}

/** Opens a backend; a Left when it is not available. */
export type OpenBackend = (options: OpenOptions) => TaskEither<TangentError, Backend>

/** The elements in float32, as devices compute with them; they are not copied where they already are. */
export const float32 = ({ data }: NdArray): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data)
