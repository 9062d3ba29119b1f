import { createGpu, createHeadlessContext, type Gpu, settingsOf } from '../packages.js'
import { describeRenderer } from '../../adapter.js'
import { type Device, deviceErrors } from './device.js'
import { messageOf } from '../../../core/error.js'
import { field } from '../../inspect.js'

/** The part of a WebGL context that this library uses. */
interface GlContext {
  createTexture: () => object | null
  deleteTexture: (texture: object | null) => void
  createBuffer: () => object | null
  deleteBuffer: (buffer: object | null) => void
  readonly isContextLost: () => boolean
  readonly getError: () => number
  readonly getParameter: (name: number) => unknown
  readonly getVertexAttrib: (attribute: number, name: number) => unknown
  readonly getExtension: (name: string) => unknown
  getShaderParameter: (shader: object, name: number) => unknown
  readonly getShaderInfoLog: (shader: object) => string | null
}

const isContext = (value: unknown): value is GlContext =>
  ['createTexture', 'deleteTexture', 'getError', 'getParameter', 'getShaderParameter'].every(
    (name) => typeof field(value, name) === 'function'
  )

/** Parameters by their numbers in the WebGL specification. */
const names = {
  version: 0x1f02,
  maxTextureSize: 0x0d33,
  maxTextureImageUnits: 0x8872,
  attributeBuffer: 0x889f,
  compileStatus: 0x8b81,
  unmaskedRenderer: 0x9246
} as const

const errors: ReadonlyMap<number, string> = new Map([
  [0x0500, 'INVALID_ENUM'],
  [0x0501, 'INVALID_VALUE'],
  [0x0502, 'INVALID_OPERATION'],
  [0x0505, 'OUT_OF_MEMORY'],
  [0x0506, 'INVALID_FRAMEBUFFER_OPERATION'],
  [0x9242, 'CONTEXT_LOST_WEBGL']
])

/** Positions beyond this are not whole numbers in the float32 of a fragment's coordinates. */
const COUNTABLE = 2 ** 24

/** Counts the textures of a context by listening to their creation and deletion. */
const countTextures = (context: GlContext): (() => number) => {
  const live = new WeakSet()
  let count = 0
  const [create, remove] = [context.createTexture.bind(context), context.deleteTexture.bind(context)]
  context.createTexture = () => {
    const texture = create()
    if (texture !== null) {
      live.add(texture)
      count++
    }
    return texture
  }
  context.deleteTexture = (texture) => {
    if (texture !== null && live.delete(texture)) count--
    remove(texture)
  }
  return () => count
}

/**
 * Counts the buffers of a context, and delays the deletion of those that vertices are still drawn from. gpu.js 2.24.1 points
 * the attributes of the context at a buffer of the kernel it builds, and all kernels draw from the one built last: if that
 * kernel were destroyed, the draws of all others would fail and leave old results behind.
 */
const retainBuffers = (context: GlContext): (() => number) => {
  const live = new WeakSet()
  const retained = new Set<object>()
  let count = 0
  const [create, remove] = [context.createBuffer.bind(context), context.deleteBuffer.bind(context)]
  context.createBuffer = () => {
    const buffer = create()
    if (buffer !== null) {
      live.add(buffer)
      count++
    }
    return buffer
  }
  context.deleteBuffer = (buffer) => {
    if (buffer === null || !live.delete(buffer)) return
    count--
    retained.add(buffer)
    const drawn = [0, 1].map((attribute) => context.getVertexAttrib(attribute, names.attributeBuffer))
    for (const old of retained)
      if (!drawn.includes(old)) {
        retained.delete(old)
        remove(old)
      }
  }
  return () => count
}

/**
 * Whether a shader has failed to compile with nothing in its log. A compiler says what it minds; a context whose GPU process
 * has gone does not, and still says for a while that it is not lost.
 */
const watchCompiler = (context: GlContext): (() => boolean) => {
  let isSilent = false
  const query = context.getShaderParameter.bind(context)
  context.getShaderParameter = (shader, name) => {
    const value = query(shader, name)
    if (name === names.compileStatus && value !== true) isSilent ||= !context.getShaderInfoLog(shader)?.trim()
    return value
  }
  return () => isSilent
}

const rendererOf = (context: GlContext): string => {
  const unmasked =
    context.getExtension('WEBGL_debug_renderer_info') === null
      ? undefined
      : context.getParameter(names.unmaskedRenderer)
  const name = typeof unmasked === 'string' ? unmasked : context.getParameter(names.version)
  return describeRenderer(String(name))
}

const watch = (gpu: Gpu, context: GlContext): Device => {
  const [buffers, textures] = [retainBuffers(context), countTextures(context)]
  const isSilent = watchCompiler(context)
  // a lost context of the package gl throws at every call
  const lost = (): string | undefined => {
    try {
      context.getParameter(names.maxTextureSize)
      if (context.isContextLost()) return 'the WebGL context is lost'
      return isSilent() ? 'the WebGL context compiles no shader and does not say why' : undefined
    } catch (error) {
      return messageOf(error)
    }
  }
  const side = Number(context.getParameter(names.maxTextureSize))
  return {
    gpu,
    adapter: rendererOf(context),
    limits: {
      arrays: Number(context.getParameter(names.maxTextureImageUnits)),
      elements: Math.min(side * side, COUNTABLE),
      groups: Infinity
    },
    mayDropWork: true,
    memory: () => ({ buffers: buffers(), textures: textures() }),
    lost,
    errors: deviceErrors(() => {
      const error = lost() === undefined ? context.getError() : 0
      return error === 0 ? undefined : `GL error ${errors.get(error) ?? error}`
    }),
    release: async () => {
      // a lost context has nothing to release, and trying fails
      if (lost() === undefined) await gpu.destroy()
    }
  }
}

const open = async (mode: 'webgl2' | 'headlessgl'): Promise<Device> => {
  const gpu = await createGpu(mode)
  // the first kernel creates the context, and the GPU's last one takes it along
  gpu.createKernel('function () {\nreturn 1;\n}', settingsOf({ output: [1], components: 1 }))
  if (!isContext(gpu.context)) throw new Error('a GPU without a GL context')
  return watch(gpu, gpu.context)
}

/** WebGL 2 of a browser. */
export const openWebgl2 = (): Promise<Device> => open('webgl2')

/** WebGL 1 of the package `gl`; undefined where it gives no context, which gpu.js takes for a missing package. */
export const openHeadless = async (): Promise<Device | undefined> => {
  const context = await createHeadlessContext()
  if (!isContext(context)) return undefined
  const end = field(context.getExtension('STACKGL_destroy_context'), 'destroy')
  if (typeof end === 'function') end.call(undefined)
  return open('headlessgl')
}
