import { divides } from '../../../kernels/coordinate.js'
import type { Kernel, KernelBackend } from '../../../kernels/kernel.js'
import { flat, type Layout, layouts } from '../../../kernels/layout.js'
import { pointwise } from '../../../kernels/pointwise.js'
import { reduce, type Reduction } from '../../../kernels/reduce.js'
import { sameShape } from '../../core/shape.js'
import type { Tensor } from '../../graph/tensor.js'
import { type Fold, foldOf } from './reduction.js'
import { writeLanes } from './lanes.js'
import {
  type Buffer,
  dividesIn,
  reader,
  type LoweringContext,
  type KernelLayout
} from './lowering-context.js'

/** What a kernel folds, and how; a kernel without a loop has none. */
interface Folded extends Fold {
  readonly combine: Reduction['combine']
}

/** The kernel of a root in a layout; `strict` refuses one in which an index needs a division. */
const write = (
  context: LoweringContext,
  root: Tensor,
  folded: Folded | undefined,
  layout: Layout,
  strict: boolean
): KernelLayout | undefined => {
  const { backend } = context
  const { output, coordinates } = layout
  const epilogue = reader(context, root)(root, coordinates)
  if (strict && (dividesIn(epilogue) || (folded !== undefined && coordinates.some(divides)))) return undefined
  if (folded === undefined) return { kernel: pointwise({ output, value: epilogue }, backend), layout }
  const { combine, loops, body } = folded
  const reduction: Reduction = {
    output,
    combine,
    loops,
    body: (at) => body(coordinates, at),
    lanes: 1,
    unroll: context.variants.unroll,
    epilogue
  }
  return { kernel: reduce(reduction, backend), layout }
}

/** The layouts in which the arrays of a pointwise kernel already lie: what is written like what is read needs no division. */
const inherited = ({ schedule, buffer }: LoweringContext, root: Tensor): readonly Layout[] => {
  if (schedule.rows.has(root)) return []
  const seen = new Set<Tensor>()
  const found: Layout[] = []
  const visit = (node: Tensor): void => {
    for (const input of node.inputs) {
      if (seen.has(input)) continue
      seen.add(input)
      if (!schedule.stored.has(input)) visit(input)
      else if (sameShape(input.shape, root.shape) && !buffer(input).layout.isRowMajor)
        found.push(buffer(input).layout)
    }
  }
  visit(root)
  return found
}

/**
 * The kernel that computes a stored node: a sum of products in lanes where the backend gains from that, else the first
 * layout that needs no division, or else the last row-major one.
 */
export const kernelOf = (context: LoweringContext, root: Tensor): KernelLayout => {
  const first = context.variants.lanes ? writeLanes(context, root) : undefined
  if (first !== undefined) return first
  const inner = context.schedule.reductions.get(root) ?? root
  const rule = context.lowered.get(inner)!
  const folded =
    rule.kind === 'reduce' ? { ...foldOf(context, root, inner, rule), combine: rule.combine } : undefined
  const tries = layouts(root.shape, context.backend)
  for (const layout of [...tries.slice(0, -1), ...inherited(context, root), ...tries.slice(-1)]) {
    const written = write(context, root, folded, layout, true)
    if (written !== undefined) return written
  }
  return write(context, root, folded, tries.at(-1)!, false)!
}

/** The elements of a buffer in row-major order as one flat row, which reads back as a single typed array. */
export const flatCopy = (
  shape: readonly number[],
  { number, layout }: Buffer,
  backend: KernelBackend
): Kernel => {
  const { output, coordinates } = flat(shape)
  return pointwise(
    { output, value: { kind: 'load', array: number, at: layout.locate(coordinates) } },
    backend
  )
}
