import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { messageOf, tangentError, type TangentError } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import type { Executed } from '../../graph/runner.js'
import { attempt } from '../../graph/trace.js'
import type { Backend, Executable, OpenBackend } from '../backend.js'
import type { OnnxModel, OnnxValue } from './builder.js'
import { lower } from './lower.js'
import type { OnnxKind } from './onnx-kind.js'
import {
  type InferenceSession,
  NoAdapter,
  type OnnxRuntime,
  type Provider,
  providers,
  type Tensor
} from './packages.js'
import { type LoadSession, residentOf } from './resident.js'
import { runSession } from './run-session.js'
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
 * Passes of ONNX Runtime for models of other kinds: of quantised numbers, of transformers, of training. Models of this library have no
 * operator that they look for. Without them a session takes 12 % less time to make (a training step of a CNN, 183 operators).
 */
const foreign =
  'QDQPropagationTransformer;QDQS8ToU8Transformer;QDQSelectorActionTransformer;QDQFinalCleanupTransformer;' +
  'EnsureUniqueDQForNodeUnit;DoubleQDQPairsRemover;WhereDummyDq;WeightBiasQuantization;' +
  'MatMulIntegerToFloatFusion;DynamicQuantizeMatMulFusion;DQMatMulToMatMulNBits;MatMulNBitsFusion;' +
  'MatMulNBitsMlpFusion;MatMulNBitsQkvFusion;LayerNormFusion;SimplifiedLayerNormFusion;SkipLayerNormFusion;' +
  'BiasSkipLayerNormFusion;AttentionFusion;GroupQueryAttentionFusion;GroupQueryAttentionPreNormFusion;' +
  'EmbedLayerNormFusion;GatherToSliceFusion;BiasSoftmaxFusion;BiasDropoutFusion;' +
  'LabelEncoderFusion;FreeDimensionOverrideTransformer'

/**
 * For a provider beside the CPU: a model of which a node would run on the CPU is refused, and transposes stay where they are.
 * ONNX Runtime moves them past comparisons, where they would be of bools, for which WebGPU has no kernel.
 */
const onlyHere = { disable_cpu_ep_fallback: '1' }

/** Where the results of a session are to be. */
const locations = (
  { outputs }: OnnxModel,
  onDevice: readonly string[]
): Record<string, Tensor.DataLocation> =>
  Object.fromEntries(outputs.map(({ name }) => [name, onDevice.includes(name) ? 'gpu-buffer' : 'cpu']))

const createSession = (
  runtime: OnnxRuntime,
  { provider, settings, fallsBack }: Provider,
  model: OnnxModel,
  onDevice: readonly string[] = []
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
        ...(onDevice.length > 0 && { preferredOutputLocation: locations(model, onDevice) }),
        extra: {
          optimization: {
            disable_specified_optimizers: fallsBack ? `${foreign};TransposeOptimizer` : foreign
          },
          ...(fallsBack && { session: onlyHere })
        }
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

const backendOf = (runtime: OnnxRuntime, provider: Provider): Backend => {
  const { engine, backend, threads, call, lost } = runtime
  const executed: Executed = { engine, backend, threads }
  const sessions = new Set<InferenceSession>()
  let isOpen = true
  const release = async (session: InferenceSession): Promise<void> => {
    if (sessions.delete(session)) await call(() => session.release())
  }
  const create = async (model: OnnxModel, onDevice?: readonly string[]): Promise<InferenceSession> => {
    const session = await createSession(runtime, provider, model, onDevice)
    sessions.add(session)
    return session
  }
  const executableOf = (session: InferenceSession, model: OnnxModel): Executable => {
    const run = <A>(task: () => Promise<A>): TE.TaskEither<TangentError, A> => {
      if (!sessions.has(session)) return TE.left(disposed('onnx.run', 'a program'))
      const failed = callError(runtime, 'onnx.run', 'ONNX Runtime to run the model')
      return pipe(
        TE.tryCatch(task, failed),
        TE.filterOrElse(() => lost() === undefined, failed)
      )
    }
    const further: InferenceSession[] = []
    const load: LoadSession = async (...args) => {
      const loaded = await create(...args)
      further.push(loaded)
      return loaded
    }
    const resident = residentOf(runtime, load, session, model)
    return {
      executed,
      run: (values) => run(() => runSession(runtime, session, model, values)),
      ...(provider.keepsState && { resident: (...args) => run(() => resident(...args)) }),
      dispose: async () => {
        for (const each of [session, ...further]) await release(each)
      }
    }
  }
  const loadModel = (model: OnnxModel): TE.TaskEither<TangentError, Executable> =>
    pipe(
      TE.tryCatch(
        () => create(model),
        callError(
          runtime,
          'onnx.load',
          provider.fallsBack
            ? `a model of which ${provider.provider} computes every node`
            : 'a model that ONNX Runtime accepts'
        )
      ),
      TE.map((session) => executableOf(session, model))
    )
  return {
    executed,
    keepsState: provider.keepsState,
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
