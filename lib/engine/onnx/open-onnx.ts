import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type * as Native from 'onnxruntime-node'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { messageOf, tangentError, type TangentError } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import type { Executed } from '../../graph/runner.js'
import { attempt } from '../../graph/trace.js'
import { type Backend, type Executable, float32, type OpenBackend } from '../backend.js'
import type { OnnxModel, OnnxValue } from './builder.js'
import { turns } from '../turns.js'
import { lower } from './lower.js'
import { serialise } from './serialise.js'

/** Native code through onnxruntime-node, or WebAssembly through onnxruntime-web. */
type OnnxKind = 'native' | 'wasm'

/** What this file uses of either package; both have the same interface. */
interface Package {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>
  }
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Tensor
}

/** A package, loaded. */
interface OnnxRuntime extends Package, Executed {
  /** Calls the package, when what it is doing lets it. */
  readonly call: <A>(effect: () => Promise<A>) => Promise<A>
}

const engineError =
  (operation: string, expected: string, where?: string) =>
  (thrown: unknown): TangentError =>
    tangentError('EngineError', operation, expected, messageOf(thrown), where)

const disposed = (operation: string, what: string): TangentError =>
  tangentError('EngineError', operation, `${what} that is open`, 'one that was disposed')

/** By a name that bundlers do not follow: what lies behind it is native code, which a page cannot have. */
const NATIVE: string = 'onnxruntime-node'

const loadNative = async (threads: number): Promise<OnnxRuntime> => {
  const { InferenceSession, Tensor, env } = (await import(/* @vite-ignore */ NATIVE)) as typeof Native
  const backend = `onnxruntime-node ${env.versions.node ?? '?'} cpu`
  return { InferenceSession, Tensor, engine: 'onnx:native', backend, threads, call: (effect) => effect() }
}

/**
 * Threads of WebAssembly belong to the process: the first engine opened decides how many there are. Without shared memory
 * (a page that is not isolated) there is one.
 */
let wasmThreads: number | undefined

/**
 * onnxruntime-web 1.30 keeps one stack for all sessions of the process and waits while it uses it: calls at the same time
 * write over each other's arguments and results.
 */
const inTurn = turns()

/** esbuild bundles a page without the optional package only where its absence is handled at the import. */
const importWeb = () =>
  import('onnxruntime-web').catch((absent: unknown) => Promise.reject(new Error(messageOf(absent))))

const loadWasm = async (threads: number): Promise<OnnxRuntime> => {
  const { InferenceSession, Tensor, env } = await importWeb()
  if (wasmThreads === undefined) {
    wasmThreads = typeof SharedArrayBuffer === 'undefined' ? 1 : threads
    env.wasm.numThreads = wasmThreads
    env.logLevel = 'fatal'
  }
  const backend = `onnxruntime-web ${env.versions.web ?? '?'} wasm`
  return { InferenceSession, Tensor, engine: 'onnx:wasm', backend, threads: wasmThreads, call: inTurn }
}

/**
 * Runs an effect and takes away the global `Worker` that onnxruntime-web leaves behind in Node: other libraries take it for
 * a browser's and fail on it.
 */
const withoutWorker = async <A>(effect: () => Promise<A>): Promise<A> => {
  const wasThere = 'Worker' in globalThis
  try {
    return await effect()
  } finally {
    if (!wasThere) Reflect.deleteProperty(globalThis, 'Worker')
  }
}

const createSession = (runtime: OnnxRuntime, model: OnnxModel): Promise<InferenceSession> =>
  runtime.call(() =>
    withoutWorker(() =>
      runtime.InferenceSession.create(serialise(model), {
        executionProviders: [runtime.engine === 'onnx:native' ? 'cpu' : 'wasm'],
        intraOpNumThreads: runtime.threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        // measured: 103 ms for a chain of 4,000 operators, 64 ms without optimisation
        graphOptimizationLevel: 'all',
        // errors come back as errors
        logSeverityLevel: 4
      })
    )
  )

const port = (name: string): OnnxValue => ({ name, dims: [1], type: 'float' })

const identity: OnnxModel = {
  inputs: [port('x')],
  outputs: [port('y')],
  nodes: [{ op: 'Identity', inputs: [port('x')], outputs: [port('y')], attributes: {} }],
  initializers: []
}

/** WebAssembly is fetched and compiled with the first model: only a runtime that has opened one is known to work. */
const selfTest = (runtime: OnnxRuntime): TE.TaskEither<TangentError, OnnxRuntime> =>
  runtime.engine === 'onnx:native'
    ? TE.right(runtime)
    : TE.tryCatch(
        async () => {
          const session = await createSession(runtime, identity)
          await runtime.call(() => session.release())
          return runtime
        },
        engineError('openEngine', 'the WebAssembly of onnxruntime-web', runtime.engine)
      )

/** Runs a session. Results are the arrays that the package makes; handing it arrays of ours was slower (1.73 instead of 1.53 ms a step). */
const runSession = async (
  { Tensor, call }: OnnxRuntime,
  session: InferenceSession,
  { inputs, outputs }: OnnxModel,
  values: readonly NdArray[]
): Promise<readonly NdArray[]> => {
  const feeds = inputs.map(({ name }, k) => {
    const value = values[k]!
    return [name, new Tensor('float32', float32(value), value.shape)] as const
  })
  const results = await call(() => session.run(Object.fromEntries(feeds)))
  return outputs.map(({ name, dims }) => {
    const data = results[name]?.data
    if (!(data instanceof Float32Array)) throw new Error(`no float32 result ${name}`)
    return { _tag: 'NdArray', shape: dims, data }
  })
}

const backendOf = (runtime: OnnxRuntime): Backend => {
  const { engine, backend, threads } = runtime
  const executed: Executed = { engine, backend, threads }
  const sessions = new Set<InferenceSession>()
  let isOpen = true
  const release = async (session: InferenceSession): Promise<void> => {
    if (sessions.delete(session)) await runtime.call(() => session.release())
  }
  const executableOf = (session: InferenceSession, model: OnnxModel): Executable => ({
    executed,
    run: (values) =>
      pipe(
        TE.fromIO(() => sessions.has(session)),
        TE.filterOrElse(
          (isLoaded) => isLoaded,
          () => disposed('onnx.run', 'a program')
        ),
        TE.flatMap(() =>
          TE.tryCatch(
            () => runSession(runtime, session, model, values),
            engineError('onnx.run', 'ONNX Runtime to run the model')
          )
        )
      ),
    dispose: () => release(session)
  })
  const loadModel = (model: OnnxModel): TE.TaskEither<TangentError, Executable> =>
    pipe(
      TE.tryCatch(
        () => createSession(runtime, model),
        engineError('onnx.load', 'a model that ONNX Runtime accepts')
      ),
      TE.map((session) => {
        sessions.add(session)
        return executableOf(session, model)
      })
    )
  return {
    executed,
    load: (plan) =>
      isOpen
        ? pipe(TE.fromEither(attempt(() => lower(plan))), TE.flatMap(loadModel))
        : TE.left(disposed('onnx.load', 'an engine')),
    held: () => ({ sessions: sessions.size }),
    dispose: async () => {
      isOpen = false
      for (const session of sessions) await release(session)
    }
  }
}

/**
 * Opens the ONNX engine, which runs a plan as one ONNX model by ONNX Runtime on the CPU, natively or as WebAssembly. A
 * package that is missing, or does not load here, is a Left.
 */
export const openOnnx =
  (kind: OnnxKind): OpenBackend =>
  ({ threads }) =>
    pipe(
      TE.tryCatch(
        () => (kind === 'native' ? loadNative(threads) : loadWasm(threads)),
        engineError('openEngine', `the package ${kind === 'native' ? 'onnxruntime-node' : 'onnxruntime-web'}`)
      ),
      TE.flatMap(selfTest),
      TE.map(backendOf)
    )
