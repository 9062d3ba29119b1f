import type { KernelBackend } from '../../../../kernels/kernel.js'
import type { GpuPipeline } from './gpu.js'
import { field, list, text } from './unknown.js'

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

/** Why a kernel of gpu.js is not in the mode it was created for, or undefined. */
export const strayed = (backend: KernelBackend, kernel: unknown): string | undefined => {
  const reason = text(kernel, 'fallbackReason')
  if (reason !== undefined) return reason
  const mode = field(kernel, 'constructor', 'mode')
  return mode === modes[backend].kernel ? undefined : `a kernel in mode ${String(mode)}`
}

/**
 * The kernels that stand behind a pipeline: one for each of its own, and on the step-by-step executor one more for each
 * place in which they are called, which are the ones that run.
 */
export const clonesOf = (pipeline: GpuPipeline): readonly unknown[] => {
  const generic = field(pipeline.plan, 'genericClones')
  return [
    ...list(pipeline.plan, 'kernels').map((entry) => field(entry, 'clone', 'kernel')),
    ...(generic instanceof Map ? [...generic.values()].map((clone) => field(clone, 'kernel')) : [])
  ]
}

/** Why a plan is not what was asked for, or undefined. gpu.js falls back silently; this is where it is found out. */
export const fallBack = (backend: KernelBackend, pipeline: GpuPipeline): string | undefined => {
  const { kernel, executors } = modes[backend]
  for (const clone of clonesOf(pipeline)) {
    const reason = strayed(backend, clone)
    if (reason !== undefined) return reason
  }
  if (!executors.includes(pipeline.executorKind))
    return `executor ${pipeline.executorKind}: ${pipeline.fallbackReason ?? 'no reason given'}`
  if (pipeline.backend !== kernel) return `a plan on ${String(pipeline.backend)}`
  const fused = executors.some((kind) => kind.startsWith('fused'))
  return fused ? (pipeline.fallbackReason ?? undefined) : undefined
}
