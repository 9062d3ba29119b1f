import { field, isFunction, text } from './inspect.js'

const isSoftware = /swiftshader|llvmpipe|softpipe|lavapipe|software|basic render/i

const described = (name: string, isFallback: boolean): string =>
  (isFallback || isSoftware.test(name)) && !/software/i.test(name) ? `${name}, software` : name

/** Names the adapter of a GPUAdapterInfo, and says whether it computes in software: `SwiftShader driver 5.0.0, software`. */
export const describeAdapter = (info: unknown): string => {
  const [vendor, architecture] = [text(info, 'vendor'), text(info, 'architecture')]
  const made = [vendor, architecture].filter((part) => part !== undefined).join(' ')
  const name = text(info, 'description') ?? text(info, 'device') ?? made
  return described(
    name === '' ? 'an adapter without a name' : name,
    field(info, 'isFallbackAdapter') === true || architecture === 'swiftshader'
  )
}

/** Names the renderer of a GL context, and says whether it computes in software. */
export const describeRenderer = (name: string): string => described(name, false)

/** Whether this is Node, where WebGPU is a package and native code can be loaded. */
export const inNode = (): boolean => text(globalThis, 'process', 'versions', 'node') !== undefined

/** What has to be there for WebGPU in Node, told to a user who has no adapter. */
export const adapterNeeded =
  'a WebGPU adapter: a GPU with its driver, or in software VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json ' +
  'with the Debian packages chromium and libvulkan1'

/** An optional package by a name that bundlers do not follow, for it need not be installed. */
export const optional = (name: string): Promise<unknown> => import(/* @vite-ignore */ name)

/** The WebGPU of the package `webgpu` (Dawn), for Node, which has none of its own. */
export const createDawn = async (): Promise<unknown> => {
  const module = await optional('webgpu')
  const create = field(module, 'create')
  if (!isFunction(create)) throw new Error('a package webgpu that creates nothing')
  return create([])
}

/** The adapter that WebGPU gives for the most power, a page's or that of the package `webgpu`; undefined without one. */
export const requestAdapter = async (): Promise<unknown> => {
  const gpu = inNode() ? await createDawn() : field(globalThis, 'navigator', 'gpu')
  const request = field(gpu, 'requestAdapter')
  if (!isFunction(request)) throw new Error('a page without WebGPU')
  const adapter: unknown = await request.call(gpu, { powerPreference: 'high-performance' })
  return adapter ?? undefined
}
