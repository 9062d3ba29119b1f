import type { Kernel, KernelBackend } from '../../../kernels/kernel.js'
import { flat, type Layout } from '../../../kernels/layout.js'
import { topKMask } from '../../../kernels/topk.js'
import { type Variants, variants } from '../../../kernels/variants.js'
import { fail } from '../../core/error.js'
import { sizeOf } from '../../core/shape.js'
import { opName } from '../../graph/primitives/index.js'
import { isOp, type Tensor } from '../../graph/tensor.js'
import type { Plan } from '../plan.js'
import { flatCopy, kernelOf } from './staged-kernel.js'
import { lower, type Lowered } from './lower.js'
import { narrow } from './narrow.js'
import { withOrderedProducts } from './adapt-plan.js'
import { copyOf } from './lanes.js'
import type { KernelProgram, Source, KernelStep } from './kernel-program.js'
import type { Arrangement, Buffer, LoweringContext } from './lowering-context.js'
import { schedule } from './schedule.js'
import { kthLargest } from './topk.js'

/** Results with rows at least this long come back as rows; shorter ones are copied into one row first. */
const LONG_ROW = 64

/** A cell that cannot be cut may read this many times what a loop may be long. */
const LONGER = 8

/** Positions beyond this are not divided exactly in float32. */
const LARGEST_DIVIDED = 2 ** 23

/** One kernel call before its arrays are known as sources: it reads and writes numbered buffers. */
interface Call {
  readonly kernel: Kernel
  readonly writes: number
}

/** Collects kernel calls: each distinct kernel once, and for every buffer the source it became. */
const recorder = (longest: number) => {
  const kernels: Kernel[] = []
  const numbers = new Map<string, number>()
  const steps: KernelStep[] = []
  const sources = new Map<number, Source>()
  return {
    kernels,
    steps,
    sources,
    call: ({ kernel, writes }: Call): Source => {
      if (kernel.divides > LARGEST_DIVIDED)
        fail(
          'EngineError',
          'gpujs',
          `index arithmetic up to ${LARGEST_DIVIDED}`,
          `${kernel.divides}`,
          kernel.name
        )
      if (kernel.cost.loads > LONGER * longest)
        fail(
          'EngineError',
          'gpujs',
          `cells that read at most ${LONGER * longest} elements, for a driver may end longer ones without a word`,
          `${Math.ceil(kernel.cost.loads)}`,
          kernel.name
        )
      const key = `${kernel.output.join(',')}\n${kernel.source}`
      const number = numbers.get(key) ?? kernels.push(kernel) - 1
      numbers.set(key, number)
      const source: Source = { from: 'step', at: steps.length }
      steps.push({ kernel: number, args: kernel.arrays.map((array) => sources.get(array)!) })
      sources.set(writes, source)
      return source
    }
  }
}

const lowerAll = (nodes: readonly Tensor[]): ReadonlyMap<Tensor, Lowered> =>
  new Map(
    nodes.map((node) => [
      node,
      lower(node) ?? fail('EngineError', 'gpujs', 'a primitive that a device computes', opName(node.op))
    ])
  )

/**
 * Lowers a plan for a backend: kernels, calls, and results that read back as rows. `forms` decides between the forms of
 * kernels; another table than the backend's own gives the same results in another time.
 */
export const lowerPlan = (
  plan: Plan,
  backend: KernelBackend,
  forms: Variants = variants[backend]
): KernelProgram => {
  const { nodes, graph } = withOrderedProducts(narrow(plan, backend))
  const lowered = lowerAll(nodes)
  const made = schedule(nodes, graph.outputs, lowered)
  const buffers = new Map<Tensor, Buffer>()
  const outputs = new Map<Tensor, Source>()
  const constants: Float32Array[] = []
  const { kernels, steps, sources, call } = recorder(forms.longest)
  const places = new Map(nodes.map((node, i) => [node, i]))
  const identity = (node: Tensor): number => places.get(node)!
  let count = 0

  const reserve = (node: Tensor, layout: Layout): number => {
    buffers.set(node, { number: count, layout })
    return count++
  }
  const buffer = (node: Tensor): Buffer => buffers.get(node)!
  const copies = new Map<string, number>()
  const copied = (node: Tensor, arrangement: Arrangement): number => {
    const key = `${JSON.stringify(arrangement)} of ${identity(node)}`
    const known = copies.get(key)
    if (known !== undefined) return known
    const number = count++
    copies.set(key, number)
    call({ kernel: copyOf(context, node, arrangement), writes: number })
    return number
  }
  const staged = (kernel: Kernel): number => {
    const number = count++
    call({ kernel, writes: number })
    return number
  }
  const context: LoweringContext = {
    backend,
    variants: forms,
    schedule: made,
    lowered,
    buffer,
    copied,
    staged
  }
  const wanted = new Set(graph.outputs)

  /** A result that gpu.js gives back as many small rows is laid into one row first. */
  const finish = (node: Tensor, kernel: Kernel, source: Source): void => {
    const [x, ...others] = kernel.output
    const reads =
      buffer(node).layout.isRowMajor && (others.length === 0 || (others.length === 1 && x! >= LONG_ROW))
    outputs.set(
      node,
      reads ? source : call({ kernel: flatCopy(node.shape, buffer(node), backend), writes: count++ })
    )
  }

  for (const node of nodes) {
    if (!made.stored.has(node)) continue
    const rule = lowered.get(node)!
    const plain = flat(node.shape)
    switch (rule.kind) {
      case 'array': {
        const input = graph.inputs.indexOf(node)
        const source: Source =
          input >= 0 ? { from: 'input', at: input } : { from: 'constant', at: constants.length }
        if (isOp(node, 'constant')) constants.push(Float32Array.from(node.op.value.data))
        sources.set(reserve(node, plain), source)
        outputs.set(node, source)
        break
      }
      case 'topK': {
        const scores = buffer(node.inputs[0]!).number
        const [thresholds, lasts] = kthLargest(rule, scores, context)
        const kernel = topKMask(rule, scores, thresholds, lasts, backend)
        const source = call({ kernel, writes: reserve(node, plain) })
        if (wanted.has(node)) finish(node, kernel, source)
        break
      }
      case 'inline':
      case 'reduce': {
        const { kernel, layout } = kernelOf(context, node)
        const source = call({ kernel, writes: reserve(node, layout) })
        if (wanted.has(node)) finish(node, kernel, source)
      }
    }
  }
  return {
    inputSizes: graph.inputs.map((input) => sizeOf(input.shape)),
    constants,
    kernels,
    steps,
    outputs: graph.outputs.map((output) => outputs.get(output)!)
  }
}
