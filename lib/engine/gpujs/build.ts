import type { Kernel, KernelBackend } from '../../../kernels/kernel.js'
import { copy } from '../../../kernels/pointwise.js'
import { lastTie, threshold, topKMask } from '../../../kernels/topk.js'
import { fail } from '../../core/error.js'
import { sizeOf } from '../../core/shape.js'
import { opName } from '../../graph/print.js'
import { isOp, type Tensor } from '../../graph/tensor.js'
import type { Plan } from '../plan.js'
import { kernelOf, type Surroundings } from './kernels.js'
import { lower, type Lowered } from './lower.js'
import type { Program, Source, Step } from './program.js'
import { schedule } from './schedule.js'

/** Results with rows at least this long come back as rows; shorter ones are copied into one row first. */
const LONG_ROW = 64

/** One kernel call before its arrays are known as sources: it reads and writes numbered buffers. */
interface Call {
  readonly kernel: Kernel
  readonly writes: number
}

const lowerAll = (nodes: readonly Tensor[]): ReadonlyMap<Tensor, Lowered> =>
  new Map(
    nodes.map((node) => [
      node,
      lower(node) ?? fail('EngineError', 'gpujs', 'a primitive that a device computes', opName(node.op))
    ])
  )

/** The kernel calls of a plan in order, and the buffer of every stored node. */
const callsOf = (
  plan: Plan,
  backend: KernelBackend,
  forced: ReadonlySet<Tensor>
): { readonly calls: readonly Call[]; readonly buffers: ReadonlyMap<Tensor, number> } => {
  const { nodes, graph } = plan
  const lowered = lowerAll(nodes)
  const made = schedule(nodes, graph.outputs, lowered, forced)
  const buffers = new Map<Tensor, number>()
  let count = 0
  for (const node of nodes) if (made.stored.has(node)) buffers.set(node, count++)
  const around: Surroundings = {
    backend,
    schedule: made,
    lowered,
    buffer: (node) => buffers.get(node)!
  }
  const calls = nodes.flatMap((node): Call[] => {
    const rule = lowered.get(node)!
    if (!made.stored.has(node) || rule.kind === 'array') return []
    const writes = buffers.get(node)!
    if (rule.kind !== 'topK') return [{ kernel: kernelOf(around, node), writes }]
    const scores = buffers.get(node.inputs[0]!)!
    const [thresholds, lasts] = [count++, count++]
    return [
      { kernel: threshold(rule, scores), writes: thresholds },
      { kernel: lastTie(rule, scores, thresholds), writes: lasts },
      { kernel: topKMask(rule, scores, thresholds, lasts, backend), writes }
    ]
  })
  return { calls, buffers }
}

/** Lowers a plan for a backend: kernels, calls, and results that read back as rows. */
export const build = (plan: Plan, backend: KernelBackend): Program => {
  const { calls, buffers } = callsOf(plan, backend, new Set())
  const sources = new Map<number, Source>()
  const constants: Float32Array[] = []
  plan.graph.inputs.forEach((input, at) => sources.set(buffers.get(input)!, { from: 'input', at }))
  for (const [node, buffer] of buffers) {
    if (!isOp(node, 'constant')) continue
    if (sources.has(buffer) || calls.some((call) => call.writes === buffer)) continue
    sources.set(buffer, { from: 'constant', at: constants.length })
    constants.push(Float32Array.from(node.op.value.data))
  }
  const kernels: Kernel[] = []
  const numbers = new Map<string, number>()
  const steps: Step[] = []
  const outputsOf = new Map<number, readonly number[]>()
  const call = ({ kernel, writes }: Call): void => {
    const key = `${kernel.output.join(',')}\n${kernel.source}`
    const known = numbers.get(key)
    if (known === undefined) {
      numbers.set(key, kernels.length)
      kernels.push(kernel)
    }
    const args = kernel.arrays.map((array) => sources.get(array)!)
    sources.set(writes, { from: 'step', at: steps.length })
    outputsOf.set(writes, kernel.output)
    steps.push({ kernel: known ?? kernels.length - 1, args })
  }
  calls.forEach(call)

  let spare = -1
  const results = new Map<number, Source>()
  const resultOf = (node: Tensor): Source => {
    const buffer = buffers.get(node)!
    const known = results.get(buffer)
    if (known !== undefined) return known
    const layout = outputsOf.get(buffer) ?? [0]
    const isRow = layout.length === 1 || (layout.length === 2 && layout[0]! >= LONG_ROW)
    if (!isRow) call({ kernel: copy(sizeOf(node.shape), buffer), writes: spare })
    const source = sources.get(isRow ? buffer : spare--)!
    results.set(buffer, source)
    return source
  }
  const outputs = plan.graph.outputs.map(resultOf)
  return {
    inputSizes: plan.graph.inputs.map((input) => sizeOf(input.shape)),
    constants,
    kernels,
    steps,
    outputs
  }
}
