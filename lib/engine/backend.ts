import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import type { Executed } from '../graph/runner.js'
import type { Plan } from './plan.js'

/** A plan made ready to run. `run` takes the plan's inputs and gives the graph's outputs. */
export interface Executable {
  readonly run: (inputs: readonly NdArray[]) => TaskEither<TangentError, readonly NdArray[]>
  /**
   * Runs it on the inputs of one call after the other, where it can keep arrays on its device: the first `kept` inputs of a call
   * are the first `kept` results of the one before, and the arrays of the later ones are not read. All results of the last
   * call, and those after `kept` of the others.
   */
  readonly resident?: (
    kept: number,
    calls: readonly (readonly NdArray[])[]
  ) => TaskEither<TangentError, ResidentResults>
  readonly executed: Executed
  readonly dispose: Task<void>
}

/** What calls of an executable on its own results leave. */
export interface ResidentResults {
  /** The kept results of the last call. */
  readonly last: readonly NdArray[]
  /** The other results of every call. */
  readonly each: readonly (readonly NdArray[])[]
}

/** How many resources are in use, by kind: programs, and the backend's kernels, plans, buffers and sessions. */
export type Resources = Readonly<Record<string, number>>

/** What an engine has to be able to do; everything else (tracing, optimising, caching) is shared. */
export interface Backend {
  readonly executed: Executed
  /** Whether its programs have `resident`. */
  readonly keepsState?: boolean
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
