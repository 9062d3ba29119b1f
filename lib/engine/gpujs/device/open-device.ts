import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { KernelBackend } from '../../../../kernels/kernel.js'
import { messageOf, type TangentError, tangentError } from '../../../core/error.js'
import { adapterNeeded, inNode } from '../../adapter.js'
import { createGpu, settingsOf } from '../packages.js'
import { type Device, noDeviceErrors } from './device.js'
import { openHeadless, openWebgl2 } from './gl.js'
import { unlimited } from './limits.js'
import { forget, kernelFallback } from './pipeline.js'
import { field, text } from '../../inspect.js'
import { openWebgpu } from './open-webgpu.js'

/** Why an engine is not available: what it needs, and what was found instead. */
class Missing extends Error {
  readonly expected: string
  constructor(expected: string, found: string) {
    super(found)
    this.expected = expected
  }
}

const onHost = async (mode: 'webasm' | 'cpu'): Promise<Device> => {
  const gpu = await createGpu(mode)
  return {
    gpu,
    limits: unlimited,
    mayDropWork: false,
    memory: () => ({ buffers: 0, textures: 0 }),
    lost: () => undefined,
    errors: noDeviceErrors,
    release: async () => {
      await gpu.destroy()
    }
  }
}

const webgpu = async (): Promise<Device> => {
  try {
    return await openWebgpu()
  } catch (error) {
    const found = messageOf(error)
    if (/no adapter/.test(found))
      throw new Missing(inNode() ? adapterNeeded : 'a browser with a WebGPU adapter', 'none')
    throw new Missing(inNode() ? 'the package webgpu (npm install webgpu)' : 'a browser with WebGPU', found)
  }
}

const headlessgl = async (): Promise<Device> => {
  if (!inNode()) throw new Missing('Node; in a browser ask for gpujs:webgl2', 'a browser')
  let device: Device | undefined
  try {
    device = await openHeadless()
  } catch (error) {
    throw new Missing(
      'the package gl, built (npm rebuild gl --ignore-scripts=false, with the Debian packages libxi-dev ' +
        'libgl1-mesa-dev libx11-dev libxext-dev pkg-config)',
      messageOf(error)
    )
  }
  if (device !== undefined) return device
  const display = text(globalThis, 'process', 'env', 'DISPLAY')
  throw new Missing(
    'an X server (xvfb-run -a, of the Debian package xvfb)',
    display === undefined ? 'no DISPLAY' : `no WebGL context on DISPLAY ${display}`
  )
}

const webgl2 = async (): Promise<Device> => {
  if (inNode()) throw new Missing('a browser; in Node ask for gpujs:headlessgl', 'Node')
  try {
    return await openWebgl2()
  } catch (error) {
    throw new Missing('a browser with WebGL 2', messageOf(error))
  }
}

const openers: { readonly [B in KernelBackend]: () => Promise<Device> } = {
  webasm: () => onHost('webasm'),
  cpu: () => onHost('cpu'),
  webgpu,
  webgl2,
  headlessgl
}

/** Computes [1, 2] + 1 on a device: one that has never computed does not count as available. */
const selfTest = async (backend: KernelBackend, { gpu, errors }: Device): Promise<void> => {
  const mark = errors.mark()
  const kernel = gpu.createKernel(
    'function (a0) {\nreturn a0[this.thread.x] + 1;\n}',
    settingsOf({ output: [2], components: 1 })
  )
  const result = await kernel(Float32Array.of(1, 2))
  const reason = kernelFallback(backend, field(kernel, 'kernel')) ?? errors.since(mark)
  kernel.destroy()
  forget(gpu, [kernel.kernel])
  if (reason !== undefined) throw new Missing(`gpu.js in mode ${backend}`, reason)
  const found = result instanceof Float32Array ? result.join(', ') : String(result)
  if (found !== '2, 3') throw new Missing('[1, 2] + 1 to be 2, 3', found)
}

/** Opens a device for a backend and tests it; one that is not available is an EngineError that says what it needs. */
export const openDevice =
  (backend: KernelBackend): TaskEither<TangentError, Device> =>
  async () => {
    let device: Device | undefined
    try {
      device = await openers[backend]()
      await selfTest(backend, device)
      return E.right(device)
    } catch (error) {
      await device?.release()
      const expected = error instanceof Missing ? error.expected : `gpu.js in mode ${backend}`
      return E.left(tangentError('EngineError', 'openEngine', expected, messageOf(error), `gpujs:${backend}`))
    }
  }
