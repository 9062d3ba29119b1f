import type { Kernel } from '../../../../kernels/kernel.js'

/** What this library uses of a gpu.js kernel; its own types are wider than what is true of a plan. */
export interface GpuKernel {
  (...args: readonly unknown[]): unknown
  readonly kernel: unknown
  readonly destroy: () => void
}

/** What this library uses of a gpu.js pipeline. */
export interface GpuPipeline {
  (...args: readonly Float32Array[]): Promise<unknown>
  readonly backend: string | null
  readonly executorKind: string
  readonly fallbackReason: string | null
  readonly plan: unknown
  readonly destroy: () => Promise<unknown>
}

/** What this library uses of a GPU of gpu.js. */
export interface Gpu {
  readonly createKernel: (source: string, settings: object) => GpuKernel
  readonly createPipeline: (orchestrate: (...args: unknown[]) => unknown[], settings: object) => GpuPipeline
  /** Everything that was created and not destroyed yet, the copies that pipelines make of kernels included. */
  readonly kernels: unknown[]
  readonly pipelines: readonly unknown[]
  /** The GL context, on the GL backends. */
  readonly context: unknown
  readonly destroy: () => Promise<unknown>
}

/** How a kernel is created in every mode. */
export const settingsOf = ({ output, components }: Pick<Kernel, 'output' | 'components'>): object => ({
  output: [...output],
  precision: 'single',
  returnType: components === 1 ? 'Float' : 'Array(4)'
})
