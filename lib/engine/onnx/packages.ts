import type * as Native from 'onnxruntime-node'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { messageOf } from '../../core/error.js'
import type { Executed } from '../../graph/runner.js'
import { adapterNeeded, describeAdapter, inNode, requestAdapter } from '../adapter.js'
import { field, text } from '../inspect.js'
import { turns } from '../turns.js'
import type { OnnxTarget } from './builder.js'
import type { OnnxKind } from './onnx-kind.js'

export type { InferenceSession, Tensor }

/** What is used of the packages of ONNX Runtime; all have the same interface. */
interface Package {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>
  }
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Tensor
}

/** A package, loaded, and the execution provider that it is to compute with. */
export interface OnnxRuntime extends Package, Executed {
  /** Calls the package, when what it is doing lets it. */
  readonly call: <A>(effect: () => Promise<A>) => Promise<A>
  /** Why its device can no longer be used, or undefined. */
  readonly lost: () => string | undefined
  /** Takes the session of the first test: with the last one ONNX Runtime's WebGPU destroys its device. */
  readonly keep: (session: InferenceSession) => Promise<void>
}

/** What an engine `onnx:…` asks ONNX Runtime for. */
export interface Provider {
  /** ONNX Runtime's name of the execution provider. */
  readonly provider: string
  /** What it is told beside its name. */
  readonly settings?: Pick<InferenceSession.WebGpuExecutionProviderOption, 'preferredLayout'>
  readonly target: OnnxTarget
  readonly package: string
  /** Whether ONNX Runtime gives nodes that the provider cannot run to the CPU, unless it is told not to. */
  readonly fallsBack: boolean
  /** Whether results can stay in buffers of its device: those that ONNX Runtime's packages call `gpu-buffer`. */
  readonly keepsState: boolean
  /** What is asked for where the package is there and does not open. */
  readonly expected: string
  readonly load: (kind: OnnxKind, threads: number) => Promise<OnnxRuntime>
}

const noDevice: Pick<OnnxRuntime, 'lost' | 'keep'> = {
  lost: () => undefined,
  keep: (session) => session.release()
}

/** By a name that bundlers do not follow: what lies behind it is native code, which a page cannot have. */
const NATIVE: string = 'onnxruntime-node'

const loadNative =
  (provider: string) =>
  async (kind: OnnxKind, threads: number): Promise<OnnxRuntime> => {
    const { InferenceSession, Tensor, env } = (await import(/* @vite-ignore */ NATIVE)) as typeof Native
    const backend = `onnxruntime-node ${env.versions.node ?? '?'} ${provider}`
    return {
      InferenceSession,
      Tensor,
      engine: `onnx:${kind}`,
      backend,
      threads,
      call: (effect) => effect(),
      ...noDevice
    }
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

const refuse = (absent: unknown): Promise<never> => Promise.reject(new Error(messageOf(absent)))

/** esbuild bundles a page without the optional package only where its absence is handled at the import. */
const importWeb = () => import('onnxruntime-web').catch(refuse)
const importWebgpu = () => import('onnxruntime-web/webgpu').catch(refuse)

const loadWasm = async (kind: OnnxKind, threads: number): Promise<OnnxRuntime> => {
  const { InferenceSession, Tensor, env } = await importWeb()
  if (wasmThreads === undefined) {
    wasmThreads = typeof SharedArrayBuffer === 'undefined' ? 1 : threads
    env.wasm.numThreads = wasmThreads
    env.logLevel = 'fatal'
  }
  const backend = `onnxruntime-web ${env.versions.web ?? '?'} wasm`
  const engine = `onnx:${kind}`
  return { InferenceSession, Tensor, engine, backend, threads: wasmThreads, call: inTurn, ...noDevice }
}

/** There is no WebGPU, or no adapter. */
export class NoAdapter extends Error {}

/** The adapter by its name; in Node the package `webgpu` knows it, and ONNX Runtime does not tell. */
const adapterName = async (): Promise<string> => {
  let adapter: unknown
  try {
    adapter = await requestAdapter()
  } catch (error) {
    if (!inNode()) throw new NoAdapter(messageOf(error))
    return 'an adapter that only the package webgpu could name'
  }
  if (adapter === undefined) throw new NoAdapter('none')
  return describeAdapter(field(adapter, 'info'))
}

/** The WebGPU build of onnxruntime-web has a stack of its own. */
const inWebgpuTurn = turns()

/** The session that keeps the device of a page, and why that device can no longer be used. */
let kept: InferenceSession | undefined
let pageLost: string | undefined

const loadWebgpuPage = async (kind: OnnxKind): Promise<OnnxRuntime> => {
  const adapter = await adapterName()
  const { InferenceSession, Tensor, env } = await importWebgpu()
  env.wasm.numThreads = 1
  env.logLevel = 'fatal'
  return {
    InferenceSession,
    Tensor,
    engine: `onnx:${kind}`,
    backend: `onnxruntime-web ${env.versions.web ?? '?'} webgpu (${adapter})`,
    threads: 1,
    call: inWebgpuTurn,
    lost: () => pageLost,
    keep: async (session) => {
      if (kept !== undefined) return session.release()
      kept = session
      const loss = field(await env.webgpu.device, 'lost')
      if (loss instanceof Promise)
        void loss.then((info: unknown) => {
          pageLost = text(info, 'message') ?? text(info, 'reason') ?? 'no reason given'
        })
    }
  }
}

const loadWebgpu = async (kind: OnnxKind, threads: number): Promise<OnnxRuntime> => {
  if (!inNode()) return loadWebgpuPage(kind)
  const runtime = await loadNative('webgpu')(kind, threads)
  return { ...runtime, threads: 1, backend: `${runtime.backend} (${await adapterName()})` }
}

const providerOfBuild = (provider: string): Provider => ({
  provider,
  target: 'runtime',
  package: NATIVE,
  fallsBack: true,
  keepsState: false,
  expected: `an onnxruntime-node with the execution provider ${provider}`,
  load: loadNative(provider)
})

/** The engines `onnx:…`, each an execution provider of ONNX Runtime. */
export const providers: { readonly [K in OnnxKind]: Provider } = {
  native: {
    provider: 'cpu',
    target: 'runtime',
    package: NATIVE,
    fallsBack: false,
    keepsState: false,
    expected: 'an onnxruntime-node that computes 1 + 1',
    load: loadNative('cpu')
  },
  wasm: {
    provider: 'wasm',
    target: 'runtime',
    package: 'onnxruntime-web',
    fallsBack: false,
    keepsState: false,
    expected: 'the WebAssembly of onnxruntime-web',
    load: loadWasm
  },
  webgpu: {
    provider: 'webgpu',
    // channels last, transposes are added and moved to where some have no kernel, as those of bools
    settings: { preferredLayout: 'NCHW' },
    target: 'webgpu',
    package: inNode() ? NATIVE : 'onnxruntime-web',
    fallsBack: true,
    keepsState: true,
    expected: inNode() ? adapterNeeded : 'a browser with a WebGPU adapter',
    load: loadWebgpu
  },
  cuda: providerOfBuild('cuda'),
  coreml: providerOfBuild('coreml'),
  dml: providerOfBuild('dml')
}
