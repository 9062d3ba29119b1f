import type { Kernel } from '../../../kernels/kernel.js'
import { optional } from '../adapter.js'
import { field, isFunction } from '../inspect.js'

/** The version of gpu.js that this package is written for and pins. */
export const VERSION = '2.24.1'

/** The part of a gpu.js kernel that this library uses; its own types are wider than what is true of a plan. */
export interface GpuKernel {
  (...args: readonly unknown[]): unknown
  readonly kernel: unknown
  readonly destroy: () => void
}

/** The part of a gpu.js pipeline that this library uses. */
export interface GpuPipeline {
  (...args: readonly Float32Array[]): Promise<unknown>
  readonly backend: string | null
  readonly executorKind: string
  readonly fallbackReason: string | null
  readonly plan: unknown
  readonly destroy: () => Promise<unknown>
}

/** The part of a GPU of gpu.js that this library uses. */
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

/** The settings with which a kernel is created in every mode. */
export const settingsOf = ({ output, components }: Pick<Kernel, 'output' | 'components'>): object => ({
  output: [...output],
  precision: 'single',
  returnType: components === 1 ? 'Float' : 'Array(4)'
})

type GpuConstructor = new (settings: { readonly mode: string }) => Gpu

const isConstructor = (value: unknown): value is GpuConstructor => typeof value === 'function'

/** An export of gpu.js, which is a module in Node and a single class in its browser build. */
const exported = async (name: string): Promise<unknown> => {
  const module: unknown = await import('gpu.js')
  return field(module, name) ?? field(module, 'default', name)
}

/** A GPU of gpu.js in one mode. The package is imported only here, and only when it is needed. */
export const createGpu = async (mode: string): Promise<Gpu> => {
  const Constructor = await exported('GPU')
  if (!isConstructor(Constructor)) throw new Error('a package gpu.js without a GPU class')
  return new Constructor({ mode })
}

/** The adapter and device that gpu.js shares between all its GPUs in mode webgpu; requested if there is none. */
export const acquireWebgpu = async (): Promise<unknown> => {
  const context = await exported('WebGPUContext')
  const acquire = field(context, 'acquire')
  if (!isFunction(acquire)) throw new Error('a package gpu.js without a WebGPU context')
  return acquire.call(context)
}

/** A WebGL context of the package `gl`; null where there is no display. */
export const createHeadlessContext = async (): Promise<unknown> => {
  const module = await optional('gl')
  const create = field(module, 'default') ?? module
  if (!isFunction(create)) throw new Error('a package gl that creates nothing')
  return create(1, 1)
}
