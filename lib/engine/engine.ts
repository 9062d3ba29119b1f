import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import type { Executed, Runner } from '../graph/runner.js'
import type { Plan } from './plan.js'

/** Every engine, with the backend behind it; what `prefer`, `require` and `--engine` accept besides `auto`. */
export const engineNames = [
  'reference',
  'onnx:native',
  'onnx:wasm',
  'gpujs:webgpu',
  'gpujs:webgl2',
  'gpujs:headlessgl',
  'gpujs:webasm',
  'gpujs:cpu'
] as const

/** The name of one engine. */
export type EngineName = (typeof engineNames)[number]

/**
 * `Runner.unroll` of every engine: 4 where that was measured to win (docs/state.md), for beyond it little is won and compiling
 * takes ever longer. The reference is asked for what is right, not for what is fast.
 */
export const unrolls: { readonly [Name in EngineName]: number } = {
  reference: 1,
  'onnx:native': 4,
  'onnx:wasm': 4,
  'gpujs:webgpu': 1,
  'gpujs:webgl2': 1,
  'gpujs:headlessgl': 4,
  'gpujs:webasm': 4,
  'gpujs:cpu': 1
}

/** A plan made ready to run. `run` takes the plan's fed inputs and gives the graph's outputs. */
export interface Executable {
  readonly run: (inputs: readonly NdArray[]) => TaskEither<TangentError, readonly NdArray[]>
  readonly executed: Executed
  readonly dispose: Task<void>
}

/** What is held at a moment, counted by kind: programs, and what the backend has of kernels, plans, buffers, sessions. */
export type Held = Readonly<Record<string, number>>

/** What an engine has to be able to do; everything else (tracing, optimising, caching) is shared. */
export interface Backend {
  readonly executed: Executed
  readonly load: (plan: Plan) => TaskEither<TangentError, Executable>
  /** What it holds on its device: on webgpu buffers are counted for all engines that share the device. */
  readonly held: () => Held
  readonly dispose: Task<void>
}

/** What a backend is told when it is opened. */
export interface OpenOptions {
  /** Number of threads; 1 unless given. */
  readonly threads: number
}

/** How a backend is opened; a Left when it is not there. */
export type OpenBackend = (options: OpenOptions) => TaskEither<TangentError, Backend>

/** An open engine. */
export interface Engine extends Runner {
  readonly name: EngineName
  readonly describe: Executed
  /** The number of programs held ready. */
  readonly programs: () => number
  /** Everything that is held, programs among it: what does not come back to where it was has leaked. */
  readonly held: () => Held
  /** Lets runs that have begun come to their end, refuses all others, and gives everything back. */
  readonly dispose: Task<void>
}
