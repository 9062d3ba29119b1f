import type { KernelBackend } from '../../kernels/kernel.js'
import { build } from '../../lib/engine/gpujs/build.js'
import type { Device } from '../../lib/engine/gpujs/device/device.js'
import { type GpuKernel, settingsOf } from '../../lib/engine/gpujs/device/gpu.js'
import { flatten } from '../../lib/engine/gpujs/device/rows.js'
import { field } from '../../lib/engine/gpujs/device/unknown.js'
import type { Source } from '../../lib/engine/gpujs/program.js'
import type { Plan } from '../../lib/engine/plan.js'

/** A plan whose first inputs, the state, are after each run some of its results, and never leave the device in between. */
export interface ResidentPlan {
  /** One run on the state, with the inputs that are not of it; gives the other results. */
  readonly step: (inputs: readonly Float32Array[]) => Promise<readonly Float32Array[]>
  /** Brings the state to the host. */
  readonly read: () => Promise<readonly Float32Array[]>
}

const IDENTITY = 'function (a0) {\nreturn a0[this.thread.x];\n}'

const rowOf = (value: unknown): Float32Array => {
  const row = flatten(value)
  if (row === undefined) throw new Error('rows of numbers expected of gpu.js')
  return row
}

const read = async (handle: unknown): Promise<Float32Array> => {
  const toArray = field(handle, 'toArray')
  return rowOf(typeof toArray === 'function' ? await toArray.call(handle) : handle)
}

/**
 * A plan by gpu.js's documented means for data that stays: every call of a kernel is a kernel of its own with `pipeline:
 * true`, whose handle goes to the next ones. createPipeline gives no handles back. `becomes` numbers the
 * results that the state becomes.
 */
export const residentPlan = async (
  backend: KernelBackend,
  { gpu }: Device,
  plan: Plan,
  state: readonly Float32Array[],
  becomes: readonly number[]
): Promise<ResidentPlan> => {
  const { kernels, steps, outputs, constants, inputSizes } = build(plan, backend)
  const create = (source: string, output: readonly number[], components: 1 | 4): GpuKernel =>
    gpu.createKernel(source, { ...settingsOf({ output, components }), pipeline: true, immutable: false })
  const keeper = (size: number): GpuKernel => create(IDENTITY, [size], 1)
  const calls = steps.map((step) => {
    const { source, output, components } = kernels[step.kernel]!
    return create(source, output, components)
  })
  const uploads = inputSizes.map(keeper)
  const held = await Promise.all(constants.map((value) => keeper(value.length)(value)))
  // a state is copied onto its own place after the last kernel that reads the old one
  const copies = state.map(({ length }) => keeper(length))
  let now: readonly unknown[] = await Promise.all(state.map((value, i) => uploads[i]!(value)))

  return {
    step: async (inputs) => {
      const others: unknown[] = []
      for (const [i, value] of inputs.entries()) others.push(await uploads[state.length + i]!(value))
      const all = [...now, ...others]
      const results: unknown[] = []
      const valueOf = ({ from, at }: Source): unknown =>
        from === 'input' ? all[at] : from === 'constant' ? held[at] : results[at]
      for (const [i, { args }] of steps.entries()) results.push(await calls[i]!(...args.map(valueOf)))
      const next: unknown[] = []
      for (const [i, copy] of copies.entries()) next.push(await copy(valueOf(outputs[becomes[i]!]!)))
      now = next
      const rest: Float32Array[] = []
      for (const [i, output] of outputs.entries())
        if (!becomes.includes(i)) rest.push(await read(valueOf(output)))
      return rest
    },
    read: async () => {
      const values: Float32Array[] = []
      for (const handle of now) values.push(await read(handle))
      return values
    }
  }
}
