import { divides, type Index } from '../../../kernels/coordinate.js'
import type { Kernel, KernelBackend } from '../../../kernels/kernel.js'
import { flat, type Layout, layouts } from '../../../kernels/layout.js'
import { pointwise } from '../../../kernels/pointwise.js'
import { reduce } from '../../../kernels/reduce.js'
import type { Value } from '../../../kernels/value.js'
import { sameShape } from '../../core/shape.js'
import type { Tensor } from '../../graph/tensor.js'
import { writeQuads } from './products.js'
import { type Buffer, dividesIn, reader, type Surroundings, type Written } from './reader.js'

/** The kernel of a root in a layout; `strict` refuses one in which an index needs a division. */
const write = (around: Surroundings, root: Tensor, layout: Layout, strict: boolean): Written | undefined => {
  const { backend, schedule, lowered } = around
  const { output, coordinates } = layout
  const read = reader(around, root)
  const inner = schedule.reductions.get(root) ?? root
  const rule = lowered.get(inner)!
  const epilogue = read(root, coordinates)
  if (strict && (dividesIn(epilogue) || (rule.kind === 'reduce' && coordinates.some(divides))))
    return undefined
  if (rule.kind !== 'reduce') return { kernel: pointwise({ output, value: epilogue }, backend), layout }
  const { combine, loops } = rule
  const body = (at: readonly Index[]): Value =>
    rule.body(coordinates, at, (k, place) => read(inner.inputs[k]!, place))
  return { kernel: reduce({ output, combine, loops, body, lanes: 1, epilogue }, backend), layout }
}

/** The layouts in which the arrays of a pointwise kernel already lie: what is written like what is read needs no division. */
const inherited = ({ schedule, buffer }: Surroundings, root: Tensor): readonly Layout[] => {
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
 * The kernel that computes a stored node: a sum of products in quads where the backend gains from that, else the first
 * layout that needs no division, or else the last row-major one.
 */
export const kernelOf = (around: Surroundings, root: Tensor): Written => {
  const first = around.backend === 'webasm' ? writeQuads(around, root) : undefined
  if (first !== undefined) return first
  const tries = layouts(root.shape, around.backend)
  for (const layout of [...tries.slice(0, -1), ...inherited(around, root), ...tries.slice(-1)]) {
    const written = write(around, root, layout, true)
    if (written !== undefined) return written
  }
  return write(around, root, tries.at(-1)!, false)!
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
