import type { Kernel, KernelBackend } from '../../../kernels/kernel.js'
import { variants } from '../../../kernels/variants.js'
import { sizeOf } from '../../core/shape.js'
import type { Plan } from '../plan.js'
import { lowerPlan } from './lower-plan.js'
import type { KernelProgram, Source } from './kernel-program.js'

const FLOAT_BYTES = 4

/** The backends that programs can be described for. */
export const describedBackends: readonly string[] = Object.keys(variants)

/** A kernel of a program: what is compiled once, however often it is called. */
export interface KernelDescription {
  /** Its family and its number in the program: `sum 3`. */
  readonly name: string
  readonly source: string
  /** Cells along x, y and z. */
  readonly output: readonly number[]
  readonly arguments: number
}

/** One call of a kernel, in the order of execution. */
export interface CallDescription {
  readonly kernel: KernelDescription
  /** The buffers it reads, in the order of its arguments. */
  readonly reads: readonly BufferDescription[]
  readonly writes: BufferDescription
  /** Arithmetic operations; an estimate. */
  readonly flops: number
  /** Bytes of the buffers that it reads and writes, each once. */
  readonly bytes: number
}

/** An array on the device. */
export interface BufferDescription {
  /** `input 0`, `constant 2` or `buffer 5`. */
  readonly name: string
  readonly bytes: number
  /** The first call at which it is there and the last that needs it; inputs and constants are there from 0 on. */
  readonly from: number
  readonly to: number
  /** Whether it comes back as a result. */
  readonly isResult: boolean
}

/** What a plan becomes on a backend of gpu.js. */
export interface ProgramDescription {
  readonly backend: KernelBackend
  readonly kernels: readonly KernelDescription[]
  readonly calls: readonly CallDescription[]
  readonly buffers: readonly BufferDescription[]
  /** The most bytes that are alive at one call. */
  readonly peakBytes: number
}

const bytesOf = ({ output, components }: Kernel): number => FLOAT_BYTES * components * sizeOf(output)

const keyOf = ({ from, at }: Source): string => `${from === 'step' ? 'buffer' : from} ${at}`

const describeKernel = ({ name, source, output, arrays }: Kernel, i: number): KernelDescription => ({
  name: `${name} ${i}`,
  source,
  output,
  arguments: arrays.length
})

/** Every array of a program and its life, by its name. */
const buffersOf = ({
  inputSizes,
  constants,
  kernels,
  steps,
  outputs
}: KernelProgram): BufferDescription[] => {
  const last = Math.max(0, steps.length - 1)
  const results = new Set(outputs.map(keyOf))
  const uses = new Map<string, number>()
  steps.forEach(({ args }, call) => args.forEach((source) => uses.set(keyOf(source), call)))
  const describe = (source: Source, bytes: number, from: number): BufferDescription => {
    const name = keyOf(source)
    const isResult = results.has(name)
    return { name, bytes, from, to: isResult ? last : (uses.get(name) ?? from), isResult }
  }
  return [
    ...inputSizes.map((size, at) => describe({ from: 'input', at }, FLOAT_BYTES * size, 0)),
    ...constants.map(({ length }, at) => describe({ from: 'constant', at }, FLOAT_BYTES * length, 0)),
    ...steps.map(({ kernel }, at) => describe({ from: 'step', at }, bytesOf(kernels[kernel]!), at))
  ]
}

/**
 * What a plan becomes on a backend: kernels with their sources, calls in order, buffers and their lifetimes, estimates of
 * work. Pure: nothing is compiled, and gpu.js need not be installed. Raises the same EngineErrors as loading the plan.
 */
export const describeProgram = (plan: Plan, backend: KernelBackend): ProgramDescription => {
  const program = lowerPlan(plan, backend)
  const kernels = program.kernels.map(describeKernel)
  const buffers = buffersOf(program)
  const named = new Map(buffers.map((buffer) => [buffer.name, buffer]))
  const find = (source: Source): BufferDescription => named.get(keyOf(source))!
  const calls = program.steps.map(({ kernel, args }, at): CallDescription => {
    const { output, cost } = program.kernels[kernel]!
    const reads = args.map(find)
    const writes = find({ from: 'step', at })
    const bytes = [...new Set([...reads, writes])].reduce((sum, buffer) => sum + buffer.bytes, 0)
    return { kernel: kernels[kernel]!, reads, writes, flops: sizeOf(output) * cost.flops, bytes }
  })
  const alive = calls.map((_, call) =>
    buffers.filter(({ from, to }) => from <= call && call <= to).reduce((sum, { bytes }) => sum + bytes, 0)
  )
  return { backend, kernels, calls, buffers, peakBytes: Math.max(0, ...alive) }
}
