import { createDawn, describeAdapter } from '../../adapter.js'
import { acquireWebgpu, createGpu } from '../packages.js'
import { type Device, deviceErrors } from './device.js'
import type { Limits } from './limits.js'
import { turns } from '../../turns.js'
import { field, text } from '../../inspect.js'

/** The parts of a GPUBuffer and a GPUDevice that this library uses. */
interface GpuBuffer {
  destroy: () => unknown
}

interface GpuDevice {
  createBuffer: (descriptor: unknown) => GpuBuffer
  onuncapturederror: unknown
  readonly destroy: () => void
  readonly lost: Promise<unknown>
  readonly limits: unknown
}

const isDevice = (value: unknown): value is GpuDevice =>
  typeof field(value, 'createBuffer') === 'function' && field(value, 'lost') instanceof Promise

/** The device that gpu.js shares between all its GPUs, watched, and how many of ours use it. */
interface Shared extends Pick<Device, 'limits' | 'memory' | 'lost' | 'errors'> {
  readonly adapter: string
  readonly device: GpuDevice
  /** The object of the package `webgpu`, which has to live as long as its device. */
  readonly dawn: unknown
  users: number
}

let shared: Shared | undefined

/** Openings and releases come one after the other: they share a device and, for a moment, the global `navigator`. */
const inTurn = turns()

const numberOf = (limits: unknown, name: string): number => {
  const value = field(limits, name)
  return typeof value === 'number' ? value : Infinity
}

const FLOAT = 4

const limitsOf = ({ limits }: GpuDevice): Limits => ({
  // one binding is the result
  arrays: numberOf(limits, 'maxStorageBuffersPerShaderStage') - 1,
  elements: Math.floor(
    Math.min(numberOf(limits, 'maxStorageBufferBindingSize'), numberOf(limits, 'maxBufferSize')) / FLOAT
  ),
  groups: numberOf(limits, 'maxComputeWorkgroupsPerDimension')
})

/** Counts the buffers of a device by listening to their creation and destruction. */
const countBuffers = (device: GpuDevice): (() => number) => {
  let count = 0
  const create = device.createBuffer.bind(device)
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor)
    const destroy = buffer.destroy.bind(buffer)
    let lives = true
    count++
    buffer.destroy = () => {
      if (lives) count--
      lives = false
      return destroy()
    }
    return buffer
  }
  return () => count
}

const watch = (context: unknown, dawn: unknown): Shared => {
  const device = field(context, 'device')
  if (!isDevice(device)) throw new Error('a WebGPU context without a device')
  const buffers = countBuffers(device)
  const record = deviceErrors()
  let lost: string | undefined
  void device.lost.then((info) => {
    lost = text(info, 'message') ?? text(info, 'reason') ?? 'no reason given'
  })
  device.onuncapturederror = (event: unknown) => {
    record.add(text(event, 'error', 'message') ?? 'an error without a message')
  }
  return {
    device,
    dawn,
    users: 0,
    adapter: describeAdapter(field(context, 'adapter', 'info')),
    limits: limitsOf(device),
    memory: () => ({ buffers: buffers(), textures: 0 }),
    lost: () => lost,
    errors: record
  }
}

/**
 * Runs an effect while `navigator.gpu`, where gpu.js looks for WebGPU, is defined. In Node it is the object of the package
 * `webgpu`, and is removed afterwards: other libraries take it for a browser's.
 */
const withNavigator = async <A>(effect: (dawn: unknown) => Promise<A>): Promise<A> => {
  if (field(globalThis, 'navigator', 'gpu') !== undefined) return effect(undefined)
  const dawn = shared?.dawn ?? (await createDawn())
  const known: unknown = field(globalThis, 'navigator')
  const navigator: object = typeof known === 'object' && known !== null ? known : {}
  if (navigator !== known)
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true })
  Object.defineProperty(navigator, 'gpu', { value: dawn, configurable: true })
  try {
    return await effect(dawn)
  } finally {
    Reflect.deleteProperty(navigator, 'gpu')
    if (navigator !== known) Reflect.deleteProperty(globalThis, 'navigator')
  }
}

/** Destroys the device with its last user, so that the process can end and the next user requests a fresh one. */
const leave = async (own: Shared): Promise<void> => {
  own.users--
  if (own.users > 0) return
  if (shared === own) shared = undefined
  own.device.destroy()
  await own.device.lost
}

const open = (): Promise<Device> =>
  withNavigator(async (dawn) => {
    const gpu = await createGpu('webgpu')
    const context = await acquireWebgpu()
    const own = shared?.device === field(context, 'device') ? shared! : watch(context, dawn)
    shared = own
    own.users++
    const { adapter, limits, memory, lost } = own
    let isReleased = false
    return {
      gpu,
      adapter,
      limits,
      mayDropWork: false,
      memory: () => (isReleased ? { buffers: 0, textures: 0 } : memory()),
      lost,
      errors: own.errors,
      release: async () => {
        await gpu.destroy()
        await inTurn(() => leave(own))
        isReleased = true
      }
    }
  })

/** WebGPU of a browser, or in Node of the package `webgpu`. */
export const openWebgpu = (): Promise<Device> => inTurn(open)
