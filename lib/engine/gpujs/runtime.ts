import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { Kernel, KernelBackend } from '../../../kernels/kernel.js'
import { type TangentError, tangentError } from '../../core/error.js'
import type { Program, Source } from './program.js'

/** What this library uses of a gpu.js kernel, pipeline and GPU; its own types are wider than what is true of a plan. */
interface KernelShortcut {
  (...args: readonly unknown[]): unknown
  readonly kernel: { readonly fallbackReason?: string | null; readonly constructor: unknown }
  readonly destroy: () => void
}

interface Pipeline {
  (...args: readonly Float32Array[]): Promise<unknown>
  readonly backend: string | null
  readonly executorKind: string
  readonly fallbackReason: string | null
  readonly plan: unknown
  readonly destroy: () => Promise<unknown>
}

interface Gpu {
  readonly createKernel: (source: string, settings: object) => KernelShortcut
  readonly createPipeline: (orchestrate: (...args: unknown[]) => unknown[], settings: object) => Pipeline
  readonly destroy: () => Promise<unknown>
}

type GpuConstructor = new (settings: { readonly mode: string }) => Gpu

/** A program compiled and proven to run where it was meant to. */
export interface Loaded {
  /** The results of the program's outputs, each as one row of elements. */
  readonly run: (inputs: readonly Float32Array[]) => TE.TaskEither<TangentError, readonly Float32Array[]>
  /** How many threads share the work of a step. */
  readonly threaded: boolean
  readonly dispose: Task<void>
}

/** An open GPU of gpu.js in one mode. */
export interface Runtime {
  readonly load: (program: Program) => TE.TaskEither<TangentError, Loaded>
  /** Kernels and plans that are held at this moment. */
  readonly live: () => { readonly kernels: number; readonly plans: number }
  readonly dispose: Task<void>
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const engineError = (expected: string, received: string, where?: string): TangentError =>
  tangentError('EngineError', 'gpujs', expected, received, where)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  (typeof value === 'object' || typeof value === 'function') && value !== null

const field = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), value)

const isConstructor = (value: unknown): value is GpuConstructor => typeof value === 'function'

/** What a mode of ours is called by gpu.js, and what it says of itself when nothing fell back. */
const modes: {
  readonly [B in KernelBackend]: { readonly kernel: string; readonly executors: readonly string[] }
} = {
  webasm: { kernel: 'webasm', executors: ['fused-sync', 'fused-threaded'] },
  cpu: { kernel: 'cpu', executors: ['generic'] },
  webgpu: { kernel: 'webgpu', executors: ['fused-encoder'] },
  webgl2: { kernel: 'gpu', executors: ['generic'] },
  headlessgl: { kernel: 'gpu', executors: ['generic'] }
}

/** Why the plan is not what was asked for, or undefined. gpu.js falls back silently; this is where it is found out. */
const fallBack = (backend: KernelBackend, pipeline: Pipeline): string | undefined => {
  const { kernel, executors } = modes[backend]
  const clones = field(pipeline.plan, 'kernels')
  const entries: readonly unknown[] = Array.isArray(clones) ? clones : []
  for (const entry of entries) {
    const own = field(entry, 'clone', 'kernel')
    const mode = field(own, 'constructor', 'mode')
    const reason = field(own, 'fallbackReason')
    if (typeof reason === 'string') return reason
    if (mode !== kernel) return `a kernel in mode ${String(mode)}`
  }
  if (!executors.includes(pipeline.executorKind))
    return `executor ${pipeline.executorKind}: ${pipeline.fallbackReason ?? 'no reason given'}`
  if (pipeline.backend !== kernel) return `a plan on ${String(pipeline.backend)}`
  const fused = executors.some((kind) => kind.startsWith('fused'))
  return fused ? (pipeline.fallbackReason ?? undefined) : undefined
}

/** A result as one row. gpu.js gives 1-D results as such and 2-D ones as rows. */
const flatten = (value: unknown): Float32Array | undefined => {
  if (value instanceof Float32Array) return value
  if (!Array.isArray(value)) return undefined
  const rows: readonly unknown[] = value
  const parts = rows.map(flatten)
  const width = parts[0]?.length ?? 0
  const out = new Float32Array(width * parts.length)
  for (const [i, part] of parts.entries()) {
    if (part?.length !== width) return undefined
    out.set(part, i * width)
  }
  return out
}

const settings = (kernel: Kernel): object => ({
  output: [...kernel.output],
  precision: 'single',
  returnType: kernel.components === 1 ? 'Float' : 'Array(4)'
})

const describe = (kernel: Kernel): string => `kernel ${kernel.name} [${kernel.output.join(', ')}]`

/** Finds the kernel that does not compile, by building each alone; only after a plan has failed. */
const culprit = (
  gpu: Gpu,
  program: Program
): { readonly kernel: Kernel; readonly reason: string } | undefined => {
  for (const kernel of program.kernels) {
    try {
      const shortcut = gpu.createKernel(kernel.source, settings(kernel))
      shortcut(...kernel.arrays.map(() => new Float32Array(1)))
      shortcut.destroy()
    } catch (error) {
      return { kernel, reason: message(error) }
    }
  }
  return undefined
}

/** The function that gpu.js traces into a plan. It reads its number of arguments from `length`. */
const orchestration = (
  program: Program,
  kernels: readonly KernelShortcut[]
): ((...inputs: unknown[]) => unknown[]) => {
  const orchestrate = (...inputs: unknown[]): unknown[] => {
    const results: unknown[] = []
    const resolve = ({ from, at }: Source): unknown =>
      from === 'input' ? inputs[at] : from === 'constant' ? program.constants[at] : results[at]
    for (const step of program.steps) results.push(kernels[step.kernel]!(...step.args.map(resolve)))
    return program.outputs.map(resolve)
  }
  return Object.defineProperty(orchestrate, 'length', { value: program.inputSizes.length })
}

const importGpu = async (): Promise<GpuConstructor> => {
  const module: unknown = await import('gpu.js')
  const found = field(module, 'GPU') ?? field(module, 'default', 'GPU')
  if (!isConstructor(found)) throw new Error('a package gpu.js without a GPU class')
  return found
}

const openGpu = async (backend: KernelBackend): Promise<Gpu> => {
  const Constructor = await importGpu()
  return new Constructor({ mode: backend })
}

/** Opens gpu.js in one mode. The package is imported only here, when it is asked for. */
export const openRuntime = (backend: KernelBackend, threads: number): TE.TaskEither<TangentError, Runtime> =>
  TE.tryCatch(
    async () => runtimeOf(backend, threads, await openGpu(backend)),
    (error) => engineError(`gpu.js in mode ${backend}`, message(error))
  )

const runtimeOf = (backend: KernelBackend, threads: number, gpu: Gpu): Runtime => {
  let isOpen = true
  const live = { kernels: 0, plans: 0 }

  const build = async (program: Program): Promise<E.Either<TangentError, Loaded>> => {
    if (!isOpen) return E.left(engineError('an open engine', 'one that was disposed'))
    const kernels: KernelShortcut[] = []
    let pipeline: Pipeline | undefined
    let disposed = false
    const dispose = async (): Promise<void> => {
      if (disposed) return
      disposed = true
      if (pipeline !== undefined) live.plans--
      live.kernels -= kernels.length
      await pipeline?.destroy()
      for (const kernel of kernels) kernel.destroy()
    }
    const refuse = async (error: TangentError): Promise<E.Either<TangentError, never>> => {
      await dispose()
      return E.left(error)
    }
    try {
      for (const kernel of program.kernels) {
        kernels.push(gpu.createKernel(kernel.source, settings(kernel)))
        live.kernels++
      }
      const plan = gpu.createPipeline(orchestration(program, kernels), threads > 1 ? {} : { threads: false })
      pipeline = plan
      live.plans++
      // the first call compiles: on zeros, so that a kernel that does not compile is known before anything runs
      await plan(...program.inputSizes.map((size) => new Float32Array(size)))
      const reason = fallBack(backend, plan)
      if (reason !== undefined) return await refuse(engineError(`a plan that runs on ${backend}`, reason))
      return E.right({
        threaded: plan.executorKind === 'fused-threaded',
        dispose,
        run: (inputs) => async () => {
          if (disposed || !isOpen) return E.left(engineError('a loaded program', 'one that was disposed'))
          try {
            const results = await plan(...inputs)
            const fell = fallBack(backend, plan)
            if (fell !== undefined) return E.left(engineError(`a plan that runs on ${backend}`, fell))
            const rows = Array.isArray(results) ? results.map(flatten) : []
            return rows.every((row) => row !== undefined)
              ? E.right(rows)
              : E.left(engineError('rows of numbers', 'another result of gpu.js'))
          } catch (error) {
            return E.left(engineError('a run to its end', message(error)))
          }
        }
      })
    } catch (error) {
      const found = culprit(gpu, program)
      return refuse(
        found === undefined
          ? engineError('kernels that compile', message(error))
          : engineError(
              'kernels that compile',
              `${found.reason} in\n${found.kernel.source}`,
              describe(found.kernel)
            )
      )
    }
  }

  return {
    load: (program) => () => build(program),
    live: () => ({ ...live }),
    dispose: async () => {
      if (!isOpen) return
      isOpen = false
      await gpu.destroy()
    }
  }
}
