import { pipe } from 'fp-ts/lib/function.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type * as Native from 'onnxruntime-node'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { tangentError, type TangentError } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import type { Shape } from '../../core/shape.js'

/** Native code through onnxruntime-node, or WebAssembly through onnxruntime-web. */
export type OnnxKind = 'native' | 'wasm'

/** A name and sizes of what a session takes or gives. */
export interface Port {
  readonly name: string
  readonly dims: Shape
}

/** A model held ready by ONNX Runtime. */
export interface Session {
  readonly run: (
    inputs: readonly { readonly name: string; readonly value: NdArray }[],
    outputs: readonly Port[]
  ) => TE.TaskEither<TangentError, ReadonlyMap<string, NdArray>>
  readonly release: Task<void>
}

/** ONNX Runtime, loaded. */
export interface Runtime {
  /** `onnxruntime-node 1.30.0 cpu` */
  readonly backend: string
  readonly threads: number
  readonly open: (model: Uint8Array) => TE.TaskEither<TangentError, Session>
}

/** What this file uses of either package; both give the same interface. */
interface Package {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>
  }
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Tensor
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

const engineError =
  (operation: string, expected: string) =>
  (thrown: unknown): TangentError =>
    tangentError('EngineError', operation, expected, messageOf(thrown))

/** float32 elements; a Float32Array is passed on as it is. */
const float32 = ({ data }: NdArray): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data)

/** Results are the arrays that the package makes; handing it arrays of ours was slower (1.73 instead of 1.53 ms a step). */
const sessionOf = ({ Tensor }: Package, session: InferenceSession): Session => ({
  run: (inputs, outputs) =>
    TE.tryCatch(
      async () => {
        const feeds = Object.fromEntries(
          inputs.map(({ name, value }) => [name, new Tensor('float32', float32(value), value.shape)])
        )
        const results = await session.run(feeds)
        return new Map(
          outputs.map(({ name, dims }): [string, NdArray] => {
            const data = results[name]?.data
            if (!(data instanceof Float32Array)) throw new Error(`no float32 result ${name}`)
            return [name, { _tag: 'NdArray', shape: dims, data }]
          })
        )
      },
      engineError('onnx.run', 'ONNX Runtime to run the model')
    ),
  release: () => session.release()
})

/**
 * Runs an effect and takes away the global `Worker` that onnxruntime-web leaves behind in Node: other libraries take it for
 * a browser's and fail on it.
 */
const withoutWorker = async <A>(effect: () => Promise<A>): Promise<A> => {
  const wasThere = 'Worker' in globalThis
  const result = await effect()
  if (!wasThere) Reflect.deleteProperty(globalThis, 'Worker')
  return result
}

const runtimeOf = (kind: OnnxKind, loaded: Package, backend: string, threads: number): Runtime => ({
  backend,
  threads,
  open: (model) =>
    pipe(
      TE.tryCatch(
        () =>
          withoutWorker(() =>
            loaded.InferenceSession.create(model, {
              executionProviders: [kind === 'native' ? 'cpu' : 'wasm'],
              intraOpNumThreads: threads,
              interOpNumThreads: 1,
              executionMode: 'sequential',
              // measured: 103 ms for a chain of 4,000 operators, 64 ms without optimisation
              graphOptimizationLevel: 'all',
              // errors come back as errors
              logSeverityLevel: 4
            })
          ),
        engineError('onnx.load', 'a model that ONNX Runtime accepts')
      ),
      TE.map((session) => sessionOf(loaded, session))
    )
})

/** By a name that bundlers do not follow: what lies behind it is native code, which a page cannot have. */
const NATIVE: string = 'onnxruntime-node'

const loadNative = async (threads: number): Promise<Runtime> => {
  const loaded = (await import(/* @vite-ignore */ NATIVE)) as typeof Native
  return runtimeOf('native', loaded, `onnxruntime-node ${loaded.env.versions.node ?? '?'} cpu`, threads)
}

/**
 * Threads of WebAssembly belong to the process: the first engine opened decides how many there are. Without shared memory
 * (a page that is not isolated) there is one.
 */
let wasmThreads: number | undefined

const loadWasm = async (threads: number): Promise<Runtime> => {
  const loaded = await import('onnxruntime-web')
  if (wasmThreads === undefined) {
    wasmThreads = typeof SharedArrayBuffer === 'undefined' ? 1 : threads
    loaded.env.wasm.numThreads = wasmThreads
    loaded.env.logLevel = 'fatal'
  }
  return runtimeOf('wasm', loaded, `onnxruntime-web ${loaded.env.versions.web ?? '?'} wasm`, wasmThreads)
}

/** Loads ONNX Runtime; a package that is not installed, or does not load here, is a Left. */
export const loadRuntime = (kind: OnnxKind, threads: number): TE.TaskEither<TangentError, Runtime> =>
  TE.tryCatch(
    () => (kind === 'native' ? loadNative(threads) : loadWasm(threads)),
    engineError('openEngine', `the package ${kind === 'native' ? 'onnxruntime-node' : 'onnxruntime-web'}`)
  )
