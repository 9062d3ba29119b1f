import type { Kernel, KernelBackend } from '../../kernels/kernel.js'
import { lowerPlan } from '../../lib/engine/gpujs/lower-plan.js'
import type { Device } from '../../lib/engine/gpujs/device/device.js'
import { type GpuKernel, settingsOf } from '../../lib/engine/gpujs/packages.js'
import { rowOf } from '../../lib/engine/gpujs/device/pipeline.js'
import { field } from '../../lib/engine/inspect.js'
import type { Source } from '../../lib/engine/gpujs/kernel-program.js'
import type { Plan } from '../../lib/engine/plan.js'

type Rows = readonly Float32Array[]

/** A plan whose first inputs, the state, are after each run some of its results, and stay on the device in between. */
export interface ResidentPlan {
  /** Brings a state to the device. */
  readonly write: (state: Rows) => Promise<void>
  /** One run on the state, with the inputs that are not of it; gives the results that are not of it. */
  readonly step: (inputs: Rows) => Promise<Rows>
  /** Brings the state to the host. */
  readonly read: () => Promise<Rows>
}

const IDENTITY = 'function (a0) {\nreturn a0[this.thread.x];\n}'

const expectRow = (value: unknown): Float32Array => {
  const row = rowOf(value)
  if (row === undefined) throw new Error('rows of numbers expected of gpu.js')
  return row
}

const read = async (handle: unknown): Promise<Float32Array> => {
  const toArray = field(handle, 'toArray')
  return expectRow(typeof toArray === 'function' ? await toArray.call(handle) : handle)
}

/**
 * A plan by gpu.js's documented means for data that stay: every call of a kernel is a kernel of its own with `pipeline: true`,
 * whose handle goes to the next ones. (createPipeline gives no handles back.) `becomes` numbers the results that are
 * the next state.
 */
export const residentPlan = async (
  backend: KernelBackend,
  { gpu }: Device,
  plan: Plan,
  becomes: readonly number[]
): Promise<ResidentPlan> => {
  const { kernels, steps, outputs, constants, inputSizes } = lowerPlan(plan, backend)
  const create = (kernel: Pick<Kernel, 'source' | 'output' | 'components'>): GpuKernel =>
    gpu.createKernel(kernel.source, { ...settingsOf(kernel), pipeline: true, immutable: false })
  const keeper = (size: number): GpuKernel => create({ source: IDENTITY, output: [size], components: 1 })
  const each = async (keepers: readonly GpuKernel[], values: readonly unknown[]): Promise<unknown[]> => {
    const handles: unknown[] = []
    for (const [i, keep] of keepers.entries()) handles.push(await keep(values[i]))
    return handles
  }
  const calls = steps.map((step) => create(kernels[step.kernel]!))
  const uploads = inputSizes.map(keeper)
  // the new state is copied onto the old one's place after the last kernel that reads that
  const copies = inputSizes.slice(0, becomes.length).map(keeper)
  const held = await each(
    constants.map(({ length }) => keeper(length)),
    constants
  )
  let state: readonly unknown[] = []

  return {
    write: async (values) => {
      state = await each(uploads.slice(0, becomes.length), values)
    },
    step: async (inputs) => {
      const all = [...state, ...(await each(uploads.slice(becomes.length), inputs))]
      const results: unknown[] = []
      const valueOf = ({ from, at }: Source): unknown =>
        from === 'input' ? all[at] : from === 'constant' ? held[at] : results[at]
      for (const [i, { args }] of steps.entries()) results.push(await calls[i]!(...args.map(valueOf)))
      state = await each(
        copies,
        becomes.map((i) => valueOf(outputs[i]!))
      )
      const others: Float32Array[] = []
      for (const [i, output] of outputs.entries())
        if (!becomes.includes(i)) others.push(await read(valueOf(output)))
      return others
    },
    read: async () => {
      const values: Float32Array[] = []
      for (const handle of state) values.push(await read(handle))
      return values
    }
  }
}
