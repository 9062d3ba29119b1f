import { add, clamp, constantIndex, highest, type Index, range, scale } from '../../../kernels/coordinate.js'
import type { Kernel, KernelBackend } from '../../../kernels/kernel.js'
import { flat, layouts } from '../../../kernels/layout.js'
import { pointwise, vec4 } from '../../../kernels/pointwise.js'
import { LANES } from '../../../kernels/reduce.js'
import { literal, type Value } from '../../../kernels/value.js'
import type { Tensor } from '../../graph/tensor.js'
import {
  type Arrangement,
  type Buffer,
  dividesIn,
  type LoweringContext,
  reader,
  type ReadNode
} from './lowering-context.js'

/** A node where the coordinate along an axis may lie behind the end, where it reads as zero. */
const padded = (read: ReadNode, node: Tensor, place: readonly Index[], axis: number | undefined): Value => {
  if (axis === undefined || highest(place[axis]!) < node.shape[axis]!) return read(node, place)
  const [at, size] = [place[axis]!, node.shape[axis]!]
  const inside = read(node, place.with(axis, clamp(at, size)))
  return { kind: 'within', at, size, inside, outside: literal(0) }
}

/** The kernel that copies a node into another arrangement. */
export const copy = (
  context: LoweringContext,
  node: Tensor,
  { order, every, vec4: packed }: Arrangement
): Kernel => {
  const { backend } = context
  const cut = every?.axis ?? packed
  const shape = order.map((a) => (a === cut ? Math.ceil(node.shape[a]! / LANES) : node.shape[a]!))
  const valueAt = (coordinates: readonly Index[], lane: number): Value => {
    const place = node.shape.map((_, a) => {
      const index = coordinates[order.indexOf(a)]!
      return a === cut ? add(scale(LANES, index), constantIndex(lane)) : index
    })
    return padded(reader(context), node, place, cut)
  }
  const lanes = packed === undefined ? [every?.lane ?? 0] : range(LANES)
  const [first, other] = layouts(shape, backend).map(({ output, coordinates }) => ({
    output,
    values: lanes.map((lane) => valueAt(coordinates, lane))
  }))
  const { output, values } =
    other === undefined || !first!.values.some((value) => dividesIn(value)) ? first! : other
  const [a, b, c, d] = values
  return b === undefined
    ? pointwise({ output, value: a! }, backend)
    : vec4({ output, values: [a!, b, c!, d!] }, backend)
}

/** The kernel that lays the elements of a buffer into one row, which reads back as a single typed array. */
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
