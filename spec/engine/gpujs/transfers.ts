import * as E from 'fp-ts/lib/Either.js'
import { expect, it } from 'vitest'
import type { KernelBackend } from '../../../kernels/kernel.js'
import { pgd } from '../../../lib/attack/index.js'
import { formatError } from '../../../lib/core/error.js'
import { key, uniforms } from '../../../lib/core/key.js'
import * as ndarray from '../../../lib/core/ndarray.js'
import { lowerPlan } from '../../../lib/engine/gpujs/lower-plan.js'
import type { Device } from '../../../lib/engine/gpujs/device/device.js'
import { field } from '../../../lib/engine/inspect.js'
import { runtimeOf } from '../../../lib/engine/gpujs/device/runtime.js'
import { openDevice } from '../../../lib/engine/gpujs/device/open-device.js'
import { acquireWebgpu, type GpuPipeline } from '../../../lib/engine/gpujs/packages.js'
import { planOf } from '../../../lib/engine/plan.js'
import type { Key } from '../../../lib/graph/key.js'
import { hostLeaves, specsOf } from '../../../lib/graph/spec.js'
import type { Batch } from '../../../lib/nn/model.js'
import * as nn from '../../../lib/nn/index.js'
import { graphOf, right } from './support.js'

/** What goes over the border between host and device, counted. */
interface Crossings {
  calls: number
  uploads: number
  reads: number
  buffers: number
}

type Method = (...args: readonly unknown[]) => unknown

/** Listens to a method of an object that is not ours. */
const listen = (
  object: unknown,
  name: string,
  heard: (args: readonly unknown[], result: unknown) => void
) => {
  const method = field(object, name)
  if (typeof object !== 'object' || object === null || typeof method !== 'function')
    throw new Error(`nothing to listen to at ${name}`)
  const listening: Method = (...args) => {
    const result: unknown = Reflect.apply(method, object, args)
    heard(args, result)
    return result
  }
  Object.defineProperty(object, name, { value: listening, configurable: true, writable: true })
}

/** Counts what crosses on a device that is open: plans called on all, and what the device itself is told. */
const countOn = async (mode: KernelBackend, { gpu }: Device): Promise<Crossings> => {
  const count: Crossings = { calls: 0, uploads: 0, reads: 0, buffers: 0 }
  const create = gpu.createPipeline.bind(gpu)
  const counted = (plan: GpuPipeline): GpuPipeline =>
    new Proxy(plan, {
      apply: (target, _, args: Float32Array[]) => {
        count.calls++
        return target(...args)
      }
    })
  Object.defineProperty(gpu, 'createPipeline', {
    value: (...args: Parameters<typeof create>) => counted(create(...args))
  })
  if (mode === 'webgpu') {
    const device = field(await acquireWebgpu(), 'device')
    listen(field(device, 'queue'), 'writeBuffer', () => count.uploads++)
    listen(device, 'createBuffer', (_, buffer) => {
      count.buffers++
      listen(buffer, 'mapAsync', () => count.reads++)
    })
  }
  if (mode === 'headlessgl' || mode === 'webgl2') {
    // what it is given no pixels for is a place for a result
    listen(gpu.context, 'texImage2D', (args) => (args.at(-1) === null ? undefined : count.uploads++))
    listen(gpu.context, 'createTexture', () => count.buffers++)
    listen(gpu.context, 'readPixels', () => count.reads++)
  }
  return count
}

const [inputs, hidden, classes, batch] = [12, 8, 4, 6]
const network = nn.serial(nn.dense(hidden), nn.relu, nn.dense(classes))
const args = [
  network.init(key(1), [inputs]),
  {
    x: ndarray.of([batch, inputs], uniforms(key(2), batch * inputs)),
    y: ndarray.of([batch], [0, 1, 2, 3, 0, 1])
  },
  key(3)
] as const

const attacked = (steps: number) => {
  const attack = pgd({ epsilon: 0.1, steps, stepSize: 0.03 })(network.apply)
  const f = (params: nn.Params, batch: Batch, k: Key) => attack(params, batch, k).x
  const specs = specsOf<Parameters<typeof f>>('spec', args)
  return planOf(graphOf(f, specs))
}

/** However many steps an attack takes: it is one plan, called once, with one upload an argument and one read-back. */
export const movesOnce = (mode: KernelBackend): void => {
  it.for([1, 10])(
    'a PGD of %i steps: one plan, one upload an argument, one read-back',
    async (steps, context) => {
      const opened = await openDevice(mode)()
      if (E.isLeft(opened)) return context.skip(formatError(opened.left))
      const device = opened.right
      const count = await countOn(mode, device)
      const plan = attacked(steps)
      const runtime = runtimeOf(mode, 1, device)
      const loaded = right(await runtime.load(lowerPlan(plan, mode))())
      expect(runtime.held()['plans']).toBe(1)
      const before = { ...count }
      const fed = plan.feed(hostLeaves('spec', args)).map(({ data }) => Float32Array.from(data))
      const [row] = right(await loaded.run(fed)())
      await loaded.dispose()
      await runtime.dispose()
      expect(row).toHaveLength(batch * inputs)
      expect(count.calls - before.calls).toBe(1)
      // GL says nothing of a run that came to nothing: it is sent a number that has to come back
      const sent = device.mayDropWork ? 1 : 0
      const isGpu = mode !== 'webasm' && mode !== 'cpu'
      expect({
        uploads: count.uploads - before.uploads,
        reads: count.reads - before.reads,
        buffers: count.buffers - before.buffers
      }).toEqual({ uploads: isGpu ? fed.length + sent : 0, reads: isGpu ? 1 + sent : 0, buffers: 0 })
    }
  )
}
