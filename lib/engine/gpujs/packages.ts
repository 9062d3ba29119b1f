import type { Gpu } from './device/gpu.js'
import { field } from './device/unknown.js'

/** The version of gpu.js that this package is written for and pins. */
export const VERSION = '2.24.1'

type GpuConstructor = new (settings: { readonly mode: string }) => Gpu

const isConstructor = (value: unknown): value is GpuConstructor => typeof value === 'function'

const isFunction = (value: unknown): value is (...args: readonly unknown[]) => unknown =>
  typeof value === 'function'

/** What gpu.js exports under a name, as a module of Node or as the one class that its browser build is. */
const exported = async (name: string): Promise<unknown> => {
  const module: unknown = await import('gpu.js')
  return field(module, name) ?? field(module, 'default', name)
}

/** A GPU of gpu.js in one mode. The package is imported only here, when it is asked for. */
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

/** An optional package by a name that bundlers do not follow, for it need not be installed. */
const optional = (name: string): Promise<unknown> => import(/* @vite-ignore */ name)

/** The WebGPU of the package `webgpu` (Dawn), for Node, which has none of its own. */
export const createDawn = async (): Promise<unknown> => {
  const module = await optional('webgpu')
  const create = field(module, 'create')
  if (!isFunction(create)) throw new Error('a package webgpu that creates nothing')
  return create([])
}

/** A WebGL context of the package `gl`; null where there is no display. */
export const createHeadlessContext = async (): Promise<unknown> => {
  const module = await optional('gl')
  const create = field(module, 'default') ?? module
  if (!isFunction(create)) throw new Error('a package gl that creates nothing')
  return create(1, 1)
}
