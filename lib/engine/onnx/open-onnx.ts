import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { messageOf, tangentError, type TangentError } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import type { Executed } from '../../graph/runner.js'
import { attempt } from '../../graph/trace.js'
import { type Backend, type Executable, float32, type OpenBackend } from '../backend.js'
import type { OnnxModel, OnnxValue } from './builder.js'
import { lower } from './lower.js'
import type { OnnxKind } from './onnx-kind.js'
import { type InferenceSession, NoAdapter, type OnnxRuntime, type Provider, providers } from './packages.js'
import { serialise } from './serialise.js'

const engineError =
  (operation: string, expected: string, where?: string) =>
  (thrown: unknown): TangentError =>
    tangentError('EngineError', operation, expected, messageOf(thrown), where)

const disposed = (operation: string, what: string): TangentError =>
  tangentError('EngineError', operation, `${what} that is open`, 'one that was disposed')

const deviceNeeded = 'a device that is there; open the engine again'

/** What a message of ONNX Runtime says about its device, in the words of all engines; the first that matches. */
const deviceFailures: readonly (readonly [RegExp, string])[] = [
  [/device.*\blost\b|\blost\b.*device/i, deviceNeeded],
  [
    /out of memory|failed to allocate|bad_alloc|bad allocation|allocation failed|invalid buffer|max buffer size|too many storage buffers/i,
    'memory for the program on its device'
  ]
]

/** An error of a call, which is the device's where the device is lost or its message says so. */
const callError =
  (runtime: OnnxRuntime, operation: string, expected: string) =>
  (thrown: unknown): TangentError => {
    const lost = runtime.lost()
    if (lost !== undefined) return tangentError('EngineError', operation, deviceNeeded, lost, runtime.engine)
    const message = messageOf(thrown)
    const failure = deviceFailures.find(([pattern]) => pattern.test(message))
    return tangentError('EngineError', operation, failure?.[1] ?? expected, message, runtime.engine)
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

/**
 * For a provider beside the CPU: a model of which a node would run on the CPU is refused, and transposes stay where they are.
 * ONNX Runtime moves them past comparisons, where they would be of bools, for which WebGPU has no kernel.
 */
const onlyHere = {
  session: { disable_cpu_ep_fallback: '1' },
  optimization: { disable_specified_optimizers: 'TransposeOptimizer' }
}

const createSession = (
  runtime: OnnxRuntime,
  { provider, settings, fallsBack }: Provider,
  model: OnnxModel
): Promise<InferenceSession> =>
  runtime.call(() =>
    withoutWorker(() =>
      runtime.InferenceSession.create(serialise(model), {
        executionProviders: [{ name: provider, ...settings }],
        intraOpNumThreads: runtime.threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        // measured: 103 ms for a chain of 4,000 operators, 64 ms without optimisation
        graphOptimizationLevel: 'all',
        // errors come back as errors
        logSeverityLevel: 4,
        ...(fallsBack && { extra: onlyHere })
      })
    )
  )

const port = (name: string): OnnxValue => ({ name, dims: [1], type: 'float' })

/** y = x + x: a runtime that has not computed it does not count as available. */
const doubling: OnnxModel = {
  inputs: [port('x')],
  outputs: [port('y')],
  nodes: [{ op: 'Add', inputs: [port('x'), port('x')], outputs: [port('y')], attributes: {} }],
  initializers: []
}

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

const backendOf = (runtime: OnnxRuntime, provider: Provider): Backend => {
  const { engine, backend, threads, call, lost } = runtime
  const executed: Executed = { engine, backend, threads }
  const sessions = new Set<InferenceSession>()
  let isOpen = true
  const release = async (session: InferenceSession): Promise<void> => {
    if (sessions.delete(session)) await call(() => session.release())
  }
  const executableOf = (session: InferenceSession, model: OnnxModel): Executable => ({
    executed,
    run: (values) => {
      if (!sessions.has(session)) return TE.left(disposed('onnx.run', 'a program'))
      const failed = callError(runtime, 'onnx.run', 'ONNX Runtime to run the model')
      return pipe(
        TE.tryCatch(() => runSession(runtime, session, model, values), failed),
        TE.filterOrElse(() => lost() === undefined, failed)
      )
    },
    dispose: () => release(session)
  })
  const loadModel = (model: OnnxModel): TE.TaskEither<TangentError, Executable> =>
    pipe(
      TE.tryCatch(
        () => createSession(runtime, provider, model),
        callError(
          runtime,
          'onnx.load',
          provider.fallsBack
            ? `a model of which ${provider.provider} computes every node`
            : 'a model that ONNX Runtime accepts'
        )
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
        ? pipe(TE.fromEither(attempt(() => lower(plan, provider.target))), TE.flatMap(loadModel))
        : TE.left(disposed('onnx.load', 'an engine')),
    held: () => ({ sessions: sessions.size }),
    dispose: async () => {
      isOpen = false
      for (const session of sessions) await release(session)
    }
  }
}

/** Computes 1 + 1 with a provider: WebAssembly is fetched, and a device requested, with the first model. */
const selfTest =
  (provider: Provider) =>
  (runtime: OnnxRuntime): TE.TaskEither<TangentError, OnnxRuntime> =>
    TE.tryCatch(
      async () => {
        const session = await createSession(runtime, provider, doubling)
        const one: NdArray = { _tag: 'NdArray', shape: [1], data: Float32Array.of(1) }
        const [result] = await runSession(runtime, session, doubling, [one])
        await runtime.call(() => runtime.keep(session))
        if (result?.data[0] !== 2) throw new Error(`1 + 1 = ${String(result?.data[0])}`)
        return runtime
      },
      engineError('openEngine', provider.expected, runtime.engine)
    )

/**
 * Opens an ONNX engine, which runs a plan as one ONNX model by an execution provider of ONNX Runtime: the CPU, natively or as
 * WebAssembly, WebGPU, or another that a build of onnxruntime-node has. A package that is missing, does not load here, or
 * lacks the provider is a Left.
 */
export const openOnnx =
  (kind: OnnxKind): OpenBackend =>
  ({ threads }) => {
    const provider: Provider = providers[kind]
    return pipe(
      TE.tryCatch(
        () => provider.load(kind, threads),
        (thrown) =>
          thrown instanceof NoAdapter
            ? tangentError('EngineError', 'openEngine', provider.expected, thrown.message, `onnx:${kind}`)
            : engineError('openEngine', `the package ${provider.package}`)(thrown)
      ),
      TE.flatMap(selfTest(provider)),
      TE.map((runtime) => backendOf(runtime, provider))
    )
  }
