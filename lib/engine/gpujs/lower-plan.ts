import type { Kernel, KernelBackend } from '../../../kernels/kernel.js'
import { flat } from '../../../kernels/layout.js'
import { type Variants, variants } from '../../../kernels/variants.js'
import { fail } from '../../core/error.js'
import { sizeOf } from '../../core/shape.js'
import { opName } from '../../graph/primitives/index.js'
import { isOp, type Tensor } from '../../graph/tensor.js'
import type { Plan } from '../plan.js'
import { adaptPlan } from './adapt-plan.js'
import { copy, flatCopy } from './copy.js'
import type { KernelProgram, KernelStep, Source } from './kernel-program.js'
import { lower, type Lowered } from './lower.js'
import type { Arrangement, Buffer, LoweringContext } from './lowering-context.js'
import { schedule } from './schedule.js'
import { stagedKernel } from './staged-kernel.js'

/** Results with rows at least this long come back as rows; shorter ones are copied into one row first. */
const LONG_ROW = 64

/** A cell that cannot be cut may read this many times what a loop may be long. */
const LONGER = 8

/** Positions beyond this are not divided exactly in float32. */
const LARGEST_DIVIDED = 2 ** 23

/** Refuses a kernel whose index arithmetic is not exact, or whose cells take so long that a driver may end them. */
const checkKernel = ({ name, divides, cost: { loads } }: Kernel, longest: number): void => {
  if (divides > LARGEST_DIVIDED)
    fail('EngineError', 'gpujs', `index arithmetic up to ${LARGEST_DIVIDED}`, `${divides}`, name)
  if (loads > LONGER * longest)
    fail(
      'EngineError',
      'gpujs',
      `cells that read at most ${LONGER * longest} elements, for a driver may end longer ones without a word`,
      `${Math.ceil(loads)}`,
      name
    )
}

/** Collects kernel calls, each distinct kernel once, and numbers the arrays that they read and write. */
const recorder = (longest: number) => {
  const kernels: Kernel[] = []
  const numbers = new Map<string, number>()
  const steps: KernelStep[] = []
  const sources: Source[] = []
  /** The number of an array of the plan. */
  const given = (source: Source): number => sources.push(source) - 1
  /** The number of the array that a kernel fills. */
  const call = (kernel: Kernel): number => {
    checkKernel(kernel, longest)
    const key = `${kernel.output.join(',')}\n${kernel.source}`
    const number = numbers.get(key) ?? kernels.push(kernel) - 1
    numbers.set(key, number)
    const args = kernel.arrays.map((array) => sources[array]!)
    return given({ from: 'step', at: steps.push({ kernel: number, args }) - 1 })
  }
  return { kernels, steps, sources, given, call }
}

const lowerAll = (nodes: readonly Tensor[]): ReadonlyMap<Tensor, Lowered> =>
  new Map(
    nodes.map((node) => [
      node,
      lower(node) ?? fail('EngineError', 'gpujs', 'a primitive that a device computes', opName(node.op))
    ])
  )

/** Whether gpu.js gives a kernel's result back in few pieces, in row-major order. */
const readsBack = ({ output: [x, ...others] }: Kernel, { layout }: Buffer): boolean =>
  layout.isRowMajor && (others.length === 0 || (others.length === 1 && x! >= LONG_ROW))

/**
 * Lowers a plan for a backend: kernels, calls, and results that read back as rows. `forms` decides between the forms of
 * kernels; another table than the backend's own gives the same results in another time.
 */
export const lowerPlan = (
  plan: Plan,
  backend: KernelBackend,
  forms: Variants = variants[backend]
): KernelProgram => {
  const { nodes, graph } = adaptPlan(plan, backend)
  const lowered = lowerAll(nodes)
  const scheduled = schedule(nodes, graph.outputs, lowered, 2 * forms.jumps)
  const buffers = new Map<Tensor, Buffer>()
  const context: LoweringContext = { backend, variants: forms, schedule: scheduled, lowered, buffers }
  const { kernels, steps, sources, given, call } = recorder(forms.longest)
  const constants: Float32Array[] = []
  const copies = new Map<string, number>()
  const places = new Map(nodes.map((node, i) => [node, i]))
  const wanted = new Set(graph.outputs)
  const outputs = new Map<Tensor, Source>()

  const copied = (node: Tensor, arrangement: Arrangement): number => {
    const key = `${JSON.stringify(arrangement)} of ${places.get(node)!}`
    const number = copies.get(key) ?? call(copy(context, node, arrangement))
    copies.set(key, number)
    return number
  }
  /** Both store a node, and give the number of the array that comes back where it is a result. */
  const array = (node: Tensor): number => {
    const input = graph.inputs.indexOf(node)
    const number = given(
      input >= 0 ? { from: 'input', at: input } : { from: 'constant', at: constants.length }
    )
    if (isOp(node, 'constant')) constants.push(Float32Array.from(node.op.value.data))
    buffers.set(node, { number, layout: flat(node.shape) })
    return number
  }
  const computed = (node: Tensor): number => {
    const { before, write } = stagedKernel(context, node)
    const arrays: number[] = []
    for (const stage of before)
      arrays.push(stage.kind === 'copy' ? copied(stage.node, stage.arrangement) : call(stage.write(arrays)))
    const { kernel, layout } = write(arrays)
    const buffer: Buffer = { number: call(kernel), layout }
    buffers.set(node, buffer)
    return readsBack(kernel, buffer) || !wanted.has(node)
      ? buffer.number
      : call(flatCopy(node.shape, buffer, backend))
  }
  for (const node of nodes) {
    if (!scheduled.stored.has(node)) continue
    const result = lowered.get(node)!.kind === 'array' ? array(node) : computed(node)
    outputs.set(node, sources[result]!)
  }
  return {
    inputSizes: graph.inputs.map((input) => sizeOf(input.shape)),
    constants,
    kernels,
    steps,
    outputs: graph.outputs.map((output) => outputs.get(output)!)
  }
}
