import * as E from 'fp-ts/lib/Either.js'
import { expect, it } from 'vitest'
import type { KernelBackend } from '../../../kernels/kernel.js'
import type { Device } from '../../../lib/engine/gpujs/device/device.js'
import type { Gpu } from '../../../lib/engine/gpujs/packages.js'
import type { KernelProgram } from '../../../lib/engine/gpujs/kernel-program.js'
import { runtimeOf } from '../../../lib/engine/gpujs/device/runtime.js'
import { openDevice } from '../../../lib/engine/gpujs/device/open-device.js'
import { right } from './support.js'

const kernel = {
  name: 'mine',
  source: 'function (a0) {\nreturn a0[this.thread.x] + 1;\n}',
  output: [4],
  components: 1,
  divides: 0,
  arrays: [0],
  cost: { flops: 1, loads: 1 }
} as const

const quad = {
  ...kernel,
  source: 'function (a0) {\nreturn [a0[0], a0[1], a0[2], a0[3]];\n}',
  output: [1],
  components: 4
} as const

const program: KernelProgram = {
  inputSizes: [4],
  constants: [],
  kernels: [kernel],
  steps: [{ kernel: 0, args: [{ from: 'input', at: 0 }] }],
  outputs: [{ from: 'step', at: 0 }]
}

/** The same device, on which the kernel of a source is created with further settings. */
const withSettings = (device: Device, settings: object, of: string): Device => {
  const { gpu } = device
  const changed: Gpu = Object.create(gpu, {
    createKernel: {
      value: (source: string, own: object) =>
        gpu.createKernel(source, source === of ? { ...own, ...settings } : own)
    },
    createPipeline: { value: gpu.createPipeline.bind(gpu) }
  }) as Gpu
  return { ...device, gpu: changed }
}

/** A reason of gpu.js to run something else than was asked for, and what brings it about. */
interface Reason {
  readonly says: RegExp
  readonly settings?: object
  readonly program?: Partial<KernelProgram>
}

const feeding: Partial<KernelProgram> = {
  kernels: [quad, kernel],
  steps: [
    { kernel: 0, args: [{ from: 'input', at: 0 }] },
    { kernel: 1, args: [{ from: 'step', at: 0 }] }
  ],
  outputs: [{ from: 'step', at: 1 }]
}

const fused: Readonly<Record<string, Reason>> = {
  'a plan without steps': {
    says: /plan has no kernel steps to fuse/,
    program: { steps: [], outputs: [{ from: 'input', at: 0 }] }
  },
  'a step that returns several numbers and feeds another': {
    says: /a step returning Array\(4\) cannot feed another step/,
    program: feeding
  }
}

const gl: Readonly<Record<string, Reason>> = {
  'several numbers a cell without single precision': {
    says: /Array\(4\) output requires single precision/,
    settings: { precision: 'unsigned', returnType: 'Array(4)' },
    program: { kernels: [quad] }
  }
}

/** Every reason that gpu.js 2.24.1 documents and that a plan can meet, by backend. */
const reasons: { readonly [B in KernelBackend]?: Readonly<Record<string, Reason>> } = {
  webasm: {
    ...fused,
    'an argument of another type': {
      says: /argument "a0" of type HTMLImage is not supported on the webasm backend/,
      settings: { argumentTypes: ['HTMLImage'] }
    },
    'a constant of another type': {
      says: /constant "c" of type Array\(2\) is not supported on the webasm backend/,
      settings: { constants: { c: [1, 2] }, constantTypes: { c: 'Array(2)' } }
    },
    'another type of result': {
      says: /return type \w+ is not supported on the webasm backend/,
      settings: { returnType: 'Boolean' }
    }
  },
  webgpu: fused,
  headlessgl: {
    'an argument of another type': {
      says: /argument "a0" of type HTMLImageArray is not supported by HeadlessGLKernel/,
      settings: { argumentTypes: ['HTMLImageArray'] },
      // arguments of the plan come as textures, which have a type of their own
      program: {
        constants: [Float32Array.of(1, 2, 3, 4)],
        steps: [{ kernel: 0, args: [{ from: 'constant', at: 0 }] }]
      }
    },
    'a constant of another type': {
      says: /constant "c" of type HTMLImageArray is not supported by HeadlessGLKernel/,
      settings: { constants: { c: [1, 2] }, constantTypes: { c: 'HTMLImageArray' } }
    },
    'one kernel of several that does not run where the others do': {
      says: /constant "c" of type HTMLImageArray is not supported by HeadlessGLKernel/,
      settings: { constants: { c: [1, 2] }, constantTypes: { c: 'HTMLImageArray' } },
      program: {
        kernels: [kernel, { ...kernel, source: kernel.source.replace('1', '2') }],
        steps: [
          { kernel: 0, args: [{ from: 'input', at: 0 }] },
          { kernel: 1, args: [{ from: 'input', at: 0 }] }
        ],
        outputs: [
          { from: 'step', at: 0 },
          { from: 'step', at: 1 }
        ]
      }
    },
    ...gl
  },
  webgl2: gl
}

/** Each of gpu.js's reasons to fall back is reported as a typed error, and nothing that fell back gives a result. */
export const neverFallsBack = (mode: Exclude<KernelBackend, 'cpu'>): void => {
  it.for(Object.entries(reasons[mode]!))('refuses %s', async ([, reason], context) => {
    const opened = await openDevice(mode)()
    if (E.isLeft(opened)) return context.skip(opened.left.expected)
    const whole = { ...program, ...reason.program }
    const device = withSettings(opened.right, reason.settings ?? {}, whole.kernels.at(-1)!.source)
    const runtime = runtimeOf(mode, 1, device)
    const result = await runtime.load(whole)()
    await runtime.dispose()
    if (E.isRight(result)) throw new Error('it ran')
    expect(result.left).toMatchObject({ _tag: 'EngineError', expected: `a plan that runs on ${mode}` })
    expect(result.left.received).toMatch(reason.says)
  })

  it('refuses a result when an argument makes the plan fall back', async (context) => {
    const opened = await openDevice(mode)()
    if (E.isLeft(opened)) return context.skip(opened.left.expected)
    const runtime = runtimeOf(mode, 1, opened.right)
    const loaded = right(await runtime.load(program)())
    // a handle on the device, which a fused plan does not take
    const handle = { toArray: () => [1, 2, 3, 4], delete: () => undefined, type: 'HTMLVideo' }
    const result = await loaded.run([handle as never])()
    await runtime.dispose()
    if (E.isRight(result)) throw new Error('it ran')
    expect(result.left._tag).toBe('EngineError')
    if (mode === 'webasm' || mode === 'webgpu')
      expect(result.left.received).toMatch(/GPU-resident handle|of type HTMLVideo is not supported/)
  })
}
