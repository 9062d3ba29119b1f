import type { KernelBackend } from '../../../../kernels/kernel.js'
import { field, list, text } from '../../inspect.js'
import type { Gpu, GpuKernel, GpuPipeline } from '../packages.js'
import type { KernelProgram, Source } from '../kernel-program.js'

/** The last step on a device that may drop work without an error: the number of the run has to come back one larger. */
export const CANARY = {
  source: 'function (a0) {\nreturn a0[0] + 1;\n}',
  output: [1],
  components: 1
} as const

/** The function that gpu.js traces into a pipeline. It reads its number of arguments from `length`. */
export const orchestration = (
  program: KernelProgram,
  kernels: readonly GpuKernel[],
  canary: GpuKernel | undefined
): ((...inputs: unknown[]) => unknown[]) => {
  const count = program.inputSizes.length
  const orchestrate = (...inputs: unknown[]): unknown[] => {
    const results: unknown[] = []
    const resolve = ({ from, at }: Source): unknown =>
      from === 'input' ? inputs[at] : from === 'constant' ? program.constants[at] : results[at]
    for (const step of program.steps) results.push(kernels[step.kernel]!(...step.args.map(resolve)))
    const outputs = program.outputs.map(resolve)
    return canary === undefined ? outputs : [...outputs, canary(inputs[count])]
  }
  return Object.defineProperty(orchestrate, 'length', { value: canary === undefined ? count : count + 1 })
}

/** A result as one row, or undefined where it is no array of numbers. gpu.js gives 1-D results as such and 2-D ones as rows. */
export const rowOf = (value: unknown): Float32Array | undefined => {
  if (value instanceof Float32Array) return value
  if (!Array.isArray(value)) return undefined
  const rows: readonly unknown[] = value
  const parts = rows.map(rowOf)
  const width = parts[0]?.length ?? 0
  const out = new Float32Array(width * parts.length)
  for (const [i, part] of parts.entries()) {
    if (part?.length !== width) return undefined
    out.set(part, i * width)
  }
  return out
}

/** What gpu.js calls each backend, and which executors a pipeline reports when nothing fell back. */
const modes: {
  readonly [B in KernelBackend]: { readonly kernel: string; readonly executors: readonly string[] }
} = {
  webasm: { kernel: 'webasm', executors: ['fused-sync', 'fused-threaded'] },
  cpu: { kernel: 'cpu', executors: ['generic'] },
  webgpu: { kernel: 'webgpu', executors: ['fused-encoder'] },
  webgl2: { kernel: 'gpu', executors: ['generic'] },
  headlessgl: { kernel: 'gpu', executors: ['generic'] }
}

/** Why a kernel does not run on the backend it was created for, or undefined. */
export const kernelFallback = (backend: KernelBackend, kernel: unknown): string | undefined => {
  const reason = text(kernel, 'fallbackReason')
  if (reason !== undefined) return reason
  const mode = field(kernel, 'constructor', 'mode')
  return mode === modes[backend].kernel ? undefined : `a kernel in mode ${String(mode)}`
}

/**
 * The kernels behind a pipeline: one for each of its own, and on the step-by-step executor one more for each
 * place in which they are called; these are the ones that run.
 */
export const clonesOf = (pipeline: GpuPipeline): readonly unknown[] => {
  const generic = field(pipeline.plan, 'genericClones')
  return [
    ...list(pipeline.plan, 'kernels').map((entry) => field(entry, 'clone', 'kernel')),
    ...(generic instanceof Map ? [...generic.values()].map((clone) => field(clone, 'kernel')) : [])
  ]
}

/** Takes destroyed kernels off the list of their GPU: gpu.js 2.24.1 leaves those of mode cpu on it. */
export const forget = ({ kernels }: Gpu, destroyed: readonly unknown[]): void => {
  const gone = new Set(destroyed)
  for (let i = kernels.length - 1; i >= 0; i--) if (gone.has(kernels[i])) kernels.splice(i, 1)
}

/** Why a pipeline does not run on the backend that was asked for, or undefined: gpu.js falls back silently. */
export const planFallback = (backend: KernelBackend, pipeline: GpuPipeline): string | undefined => {
  const { kernel, executors } = modes[backend]
  for (const clone of clonesOf(pipeline)) {
    const reason = kernelFallback(backend, clone)
    if (reason !== undefined) return reason
  }
  if (!executors.includes(pipeline.executorKind))
    return `executor ${pipeline.executorKind}: ${pipeline.fallbackReason ?? 'no reason given'}`
  if (pipeline.backend !== kernel) return `a plan on ${String(pipeline.backend)}`
  const fused = executors.some((kind) => kind.startsWith('fused'))
  return fused ? (pipeline.fallbackReason ?? undefined) : undefined
}
