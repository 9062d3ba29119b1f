import * as E from 'fp-ts/lib/Either.js'
import { expect, it } from 'vitest'
import type { Kernel, KernelBackend } from '../../../kernels/kernel.js'
import type { TangentError } from '../../../lib/core/error.js'
import type { Device } from '../../../lib/engine/gpujs/device/device.js'
import { openDevice } from '../../../lib/engine/gpujs/device/open-device.js'
import { field } from '../../../lib/engine/inspect.js'
import type { KernelProgram } from '../../../lib/engine/gpujs/kernel-program.js'
import { type Runtime, runtimeOf } from '../../../lib/engine/gpujs/device/runtime.js'
import { acquireWebgpu } from '../../../lib/engine/gpujs/packages.js'
import { right } from './support.js'

const call = (object: unknown, name: string, ...args: readonly unknown[]): unknown => {
  const method = field(object, name)
  if (typeof method !== 'function') throw new Error(`no ${name}`)
  return Reflect.apply(method, object, args)
}

const kernelOf = (body: string, arrays: number, output: readonly number[] = [3]): Kernel => ({
  name: 'mine',
  source: `function (${Array.from({ length: arrays }, (_, i) => `a${i}`).join(', ')}) {\nreturn ${body};\n}`,
  output,
  components: 1,
  divides: 0,
  arrays: Array.from({ length: arrays }, (_, i) => i),
  cost: { flops: 1, loads: arrays }
})

/** A program of one kernel that reads as many inputs. */
const programOf = (kernel: Kernel, size = 3): KernelProgram => ({
  inputSizes: kernel.arrays.map(() => size),
  constants: [],
  kernels: [kernel],
  steps: [{ kernel: 0, args: kernel.arrays.map((at) => ({ from: 'input', at })) }],
  outputs: [{ from: 'step', at: 0 }]
})

const doubled = programOf(kernelOf('a0[this.thread.x] * 2', 1))
const tripled = programOf(kernelOf('a0[this.thread.x] * 3', 1))
const data = (): Float32Array => Float32Array.of(1, 2, 3)

/** Takes a device away as a driver would. */
const lose = async (mode: KernelBackend, { gpu }: Device): Promise<void> => {
  if (mode === 'webgpu') call(field(await acquireWebgpu(), 'device'), 'destroy')
  else {
    const destroy = call(gpu.context, 'getExtension', 'STACKGL_destroy_context')
    if (destroy !== null) call(destroy, 'destroy')
    else call(call(gpu.context, 'getExtension', 'WEBGL_lose_context'), 'loseContext')
  }
}

const expectKernel = (result: E.Either<TangentError, unknown>, expected: string | RegExp): void => {
  if (E.isRight(result)) throw new Error('it did not fail')
  expect(result.left).toMatchObject({ _tag: 'EngineError', operation: 'gpujs' })
  expect(result.left.expected).toMatch(expected)
  expect(result.left.where).toMatch(/^kernel mine \[/)
  expect(result.left.received).toContain('function (a0')
}

/** How a GPU's failures come back: as values that name a kernel, with the caller's data as it was, and with a way on. */
export const failsWell = (mode: 'webgpu' | 'webgl2' | 'headlessgl'): void => {
  const use = async (
    context: { readonly skip: (note: string) => never },
    body: (runtime: Runtime, device: Device) => Promise<void>
  ): Promise<void> => {
    const opened = await openDevice(mode)()
    if (E.isLeft(opened)) return context.skip(opened.left.expected)
    const runtime = runtimeOf(mode, 1, opened.right)
    await body(runtime, opened.right)
    await runtime.dispose()
  }

  it('refuses a kernel with more arrays than the device grants', (context) =>
    use(context, async (runtime, { limits }) => {
      const many = kernelOf('a0[this.thread.x] + 1', limits.arrays + 1)
      expectKernel(await runtime.load(programOf(many))(), `at most ${limits.arrays} array arguments`)
      const most = kernelOf(
        Array.from({ length: limits.arrays }, (_, i) => `a${i}[this.thread.x]`).join(' + '),
        limits.arrays
      )
      const loaded = right(await runtime.load(programOf(most))())
      const [sum] = right(await loaded.run(most.arrays.map(data))())
      expect([...sum!]).toEqual([1, 2, 3].map((x) => x * limits.arrays))
    }))

  it('refuses results and arguments that are larger than a buffer may be', (context) =>
    use(context, async (runtime, { limits }) => {
      const large = kernelOf('a0[0]', 1, [limits.elements + 1])
      expectKernel(await runtime.load(programOf(large))(), `a result of at most ${limits.elements} elements`)
      const fed = programOf(kernelOf('a0[0]', 1), limits.elements + 1)
      expectKernel(await runtime.load(fed)(), `arrays of at most ${limits.elements} elements`)
      if (Number.isFinite(limits.groups)) {
        const long = kernelOf('a0[0]', 1, [1, 8 * limits.groups + 1])
        expectKernel(await runtime.load(programOf(long))(), `at most ${limits.groups} groups of threads`)
      }
    }))

  it('names the one kernel that does not compile, and goes on with others', (context) =>
    use(context, async (runtime) => {
      const broken = kernelOf('nothing + a0[0]', 1)
      const both: KernelProgram = {
        ...doubled,
        kernels: [...doubled.kernels, broken],
        steps: [...doubled.steps, { kernel: 1, args: [{ from: 'step', at: 0 }] }]
      }
      const result = await runtime.load(both)()
      expectKernel(result, 'kernels that compile')
      expect(E.isLeft(result) && result.left.received).toContain('nothing + a0[0]')
      const loaded = right(await runtime.load(doubled)())
      expect(right(await loaded.run([data()])())).toEqual([Float32Array.of(2, 4, 6)])
    }))

  it('lets a program run on when another is disposed', (context) =>
    use(context, async (runtime) => {
      const first = right(await runtime.load(doubled)())
      const second = right(await runtime.load(tripled)())
      await second.dispose()
      for (const x of [1, 5])
        expect(right(await first.run([Float32Array.of(x, 2, 3)])())).toEqual([Float32Array.of(2 * x, 4, 6)])
    }))

  it('says that the device is lost, leaves the data alone, and can be opened again', (context) =>
    use(context, async (runtime, device) => {
      const loaded = right(await runtime.load(doubled)())
      const input = data()
      expect(right(await loaded.run([input])())).toEqual([Float32Array.of(2, 4, 6)])
      const running = loaded.run([input])()
      await lose(mode, device)
      const last = await running
      if (E.isRight(last)) expect(last.right).toEqual([Float32Array.of(2, 4, 6)])
      else expectKernel(last, /a device that is there|a run to its end/)
      for (const result of [await loaded.run([input])(), await runtime.load(tripled)()])
        expectKernel(result, /a device that is there|a run to its end|kernels that compile/)
      expect(input).toEqual(data())
      await use(context, async (fresh) => {
        const again = right(await fresh.load(doubled)())
        expect(right(await again.run([input])())).toEqual([Float32Array.of(2, 4, 6)])
      })
    }))

  it('does not believe a run that the device dropped, or complained of', (context) =>
    use(context, async (runtime, device) => {
      const loaded = right(await runtime.load(doubled)())
      if (mode === 'webgpu') {
        const running = loaded.run([data()])()
        call(field(await acquireWebgpu(), 'device'), 'createBuffer', { size: 4, usage: 0 })
        expectKernel(await running, 'a run to its end')
      } else {
        const { context: gl } = device.gpu
        const draw: unknown = field(gl, 'drawArrays')
        Object.assign(gl as object, { drawArrays: () => undefined })
        expectKernel(
          await loaded.run([Float32Array.of(4, 5, 6)])(),
          'a run to its end, whose last step gives'
        )
        Object.assign(gl as object, { drawArrays: draw })
        const running = loaded.run([data()])()
        call(gl, 'enable', 1)
        expectKernel(await running, 'a run to its end')
      }
      expect(right(await loaded.run([data()])())).toEqual([Float32Array.of(2, 4, 6)])
    }))
}
