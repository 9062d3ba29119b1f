import {
  add,
  axis,
  constantIndex,
  divide,
  divides,
  type Index,
  keyOf,
  locate,
  scale
} from '../../../kernels/coordinate.js'
import type { Kernel, KernelBackend } from '../../../kernels/kernel.js'
import { flat, type Layout, layouts, type Quads, quads, rowMajor } from '../../../kernels/layout.js'
import { pointwise } from '../../../kernels/pointwise.js'
import { LANES, reduce } from '../../../kernels/reduce.js'
import type { Value } from '../../../kernels/value.js'
import { sizeOf } from '../../core/shape.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Lowered } from './lower.js'
import type { Schedule } from './schedule.js'

/** An array on the device. */
export interface Buffer {
  readonly number: number
  readonly strides: readonly number[]
}

/** A kernel, and how its result lies in memory. */
export interface Written {
  readonly kernel: Kernel
  readonly strides: readonly number[]
}

/** What the writing of a kernel needs to know of the plan around it. */
export interface Surroundings {
  readonly backend: KernelBackend
  readonly schedule: Schedule
  readonly lowered: ReadonlyMap<Tensor, Lowered>
  /** A stored node's buffer: the number by which kernels name it, and how its elements lie. */
  readonly buffer: (node: Tensor) => Buffer
  /** The buffer of a copy of a node in another arrangement; made once. */
  readonly copied: (node: Tensor, arrangement: Arrangement) => number
}

/** The axes of a copy, outermost first, and which of every four neighbours along one of them it holds. */
export interface Arrangement {
  readonly order: readonly number[]
  readonly every?: { readonly axis: number; readonly lane: number }
}

type ReadNode = (node: Tensor, at: readonly Index[]) => Value

/** Reads nodes as values: stored ones from their buffers, others by what they compute, each place once. */
const reader = ({ schedule, lowered, buffer }: Surroundings, root?: Tensor): ReadNode => {
  const reduction = root === undefined ? undefined : schedule.reductions.get(root)
  const known = new Map<Tensor, Map<string, Value>>()
  const result: Value = { kind: 'result' }
  const compute: ReadNode = (node, at) => {
    if (node === reduction) return result
    if (node !== root && schedule.stored.has(node)) {
      const { number, strides } = buffer(node)
      return { kind: 'load', array: number, at: locate(at, strides) }
    }
    const rule = lowered.get(node)!
    return rule.kind === 'inline' ? rule.value(at, (k, place) => read(node.inputs[k]!, place)) : result
  }
  const read: ReadNode = (node, at) => {
    const places = known.get(node) ?? new Map<string, Value>()
    known.set(node, places)
    const key = at.map(keyOf).join(',')
    const memo = places.get(key)
    if (memo !== undefined) return memo
    const value = compute(node, at)
    places.set(key, value)
    return value
  }
  return read
}

/** Whether any index in a value needs a division. */
const dividesIn = (value: Value, seen = new Set<Value>()): boolean => {
  if (seen.has(value)) return false
  seen.add(value)
  switch (value.kind) {
    case 'literal':
    case 'result':
      return false
    case 'load':
    case 'position':
      return divides(value.at)
    case 'apply':
      return value.args.some((arg) => dividesIn(arg, seen))
    case 'within':
      return divides(value.at) || dividesIn(value.inside, seen) || dividesIn(value.outside, seen)
  }
}

/** Whether a body is so small that its reads are what it costs: one array, or the product of two. */
const isProduct = (value: Value): boolean =>
  value.kind === 'load' ||
  (value.kind === 'apply' && value.fn === 'mul' && value.args.every((arg) => arg.kind === 'load'))

const write = (around: Surroundings, root: Tensor, layout: Layout, strict: boolean): Written | undefined => {
  const { backend, schedule, lowered } = around
  const { output, coordinates, strides } = layout
  const read = reader(around, root)
  const inner = schedule.reductions.get(root) ?? root
  const rule = lowered.get(inner)!
  const epilogue = read(root, coordinates)
  if (rule.kind !== 'reduce') {
    if (strict && dividesIn(epilogue)) return undefined
    return { kernel: pointwise({ output, value: epilogue }, backend), strides }
  }
  const { combine, loops } = rule
  const body = (at: readonly Index[]): Value =>
    rule.body(coordinates, at, (k, place) => read(inner.inputs[k]!, place))
  if (strict && (coordinates.some(divides) || dividesIn(epilogue))) return undefined
  return { kernel: reduce({ output, combine, loops, body, lanes: 1, epilogue }, backend), strides }
}

/** Operands up to this many elements stay in the first cache however they are walked. */
const SMALL = 4096
/** Operands up to this many elements stay in the second cache. */
const CACHED = 131072
/** A contiguous copy of an operand pays when its elements are read at least this often. */
const WORTH = 16
/** Copies for the lanes, which only save address arithmetic, pay when elements are read at least this often. */
const WORTH_LANES = 64

type Product = readonly [readonly number[], readonly number[]]

/** How far apart the innermost loop reads an operand, or undefined if it is not read as it lies. */
const step = (value: Value, loop: string): number | undefined =>
  value.kind === 'load' && !divides(value.at)
    ? (value.at.terms.find(({ atom }) => atom.key === loop)?.factor ?? 0)
    : undefined

/** The read of an operand for one of the lanes. */
type ReadOperand = (input: number, place: readonly Index[], lane: number) => Value

/**
 * How the operands of a product in quads are read: as they lie, or from copies. An operand that a wide step would make miss
 * the caches is copied with the summed axes contiguous. One that differs between the lanes is copied as four arrays, one a
 * lane: then all four are read at the same position, and its address is computed once.
 */
const operands = (
  { copied }: Surroundings,
  read: ReadNode,
  rule: Extract<Lowered, { kind: 'reduce' }>,
  inner: Tensor,
  { lane }: Quads,
  alongAxis: number
): ReadOperand => {
  const plain: ReadOperand = (k, place) => read(inner.inputs[k]!, place)
  const { op } = inner
  const { product, loops } = rule
  if (product === undefined || op.tag !== 'contract') return plain
  const probes = loops.map((n, i) => axis(`probe${i}`, n, i + 1))
  const innermost = `probe${loops.findLastIndex((n) => n > 1)}`
  const values: Value[] = []
  rule.body(lane(0), probes, (k, place) => (values[k] = plain(k, place, 0)))
  const copies = inner.inputs.map((node, k): ReadOperand => {
    const size = sizeOf(node.shape)
    const reads = (sizeOf(inner.shape) * sizeOf(loops)) / size
    const apart = step(values[k]!, innermost)
    const isFar = apart === undefined || (apart !== 1 && size > SMALL)
    const summed = product[k as 0 | 1]
    const order = [...node.shape.map((_, a) => a).filter((a) => !summed.includes(a)), ...summed]
    const shown = op.operands[k]!.indexOf(op.output[alongAxis]!)
    if (shown >= 0 && size > SMALL && reads >= WORTH_LANES) {
      const shape = node.shape.map((n, a) => (a === shown ? n / LANES : n))
      const strides = permuted(shape, order)
      const arrays = range(LANES).map((n) => copied(node, { order, every: { axis: shown, lane: n } }))
      return (_, place, n) => {
        const group = place.map((index, a) => (a === shown ? divide(index, LANES).quotient : index))
        return { kind: 'load', array: arrays[n]!, at: locate(group, strides) }
      }
    }
    if (!isFar || reads < WORTH) return plain
    const strides = permuted(node.shape, order)
    const array = copied(node, { order })
    return (_, place) => ({ kind: 'load', array, at: locate(place, strides) })
  })
  return (k, place, n) => copies[k]!(k, place, n)
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** The strides of a shape whose axes lie in the given order, outermost first. */
const permuted = (shape: readonly number[], order: readonly number[]): number[] => {
  const strides = rowMajor(order.map((a) => shape[a]!))
  return shape.map((_, a) => strides[order.indexOf(a)]!)
}

/** The axes of a result that can be divided by the number of lanes, the best one to run along first. */
const along = (
  around: Surroundings,
  root: Tensor,
  inner: Tensor,
  product: Product | undefined
): readonly number[] => {
  const fit = root.shape.map((_, a) => a).filter((a) => root.shape[a]! % LANES === 0)
  const last = root.shape.length - 1
  if (around.schedule.rows.has(root)) return fit.filter((a) => a === last)
  const op = inner.op
  const weight = (a: number): number => {
    if (product === undefined || op.tag !== 'contract') return 0
    // the operand that shows this axis is walked again for every cell across it
    const shown = inner.inputs
      .filter((_, k) => op.operands[k]!.includes(op.output[a]!))
      .map((node) => sizeOf(node.shape))
    const walked = Math.max(0, ...shown)
    return walked <= CACHED ? 0 : walked
  }
  const rank = (a: number): number => (a === last ? Infinity : root.shape[a]!)
  return fit.sort((a, b) => weight(a) - weight(b) || rank(b) - rank(a))
}

/** A reduction of products in quads; undefined where its body is more than that, or no axis can be divided. */
const writeQuads = (around: Surroundings, root: Tensor): Written | undefined => {
  const inner = around.schedule.reductions.get(root) ?? root
  const rule = around.lowered.get(inner)!
  if (rule.kind !== 'reduce') return undefined
  const [axisOf] = along(around, root, inner, rule.product)
  if (axisOf === undefined) return undefined
  const layout = quads(root.shape, axisOf, LANES)
  const { output, coordinates, strides, lane } = layout
  const read = reader(around, root)
  const epilogue = read(root, coordinates)
  const { combine, loops } = rule
  const probe = rule.body(
    lane(0),
    loops.map((n, i) => axis(`probe${i}`, n, i + 1)),
    (k, place) => read(inner.inputs[k]!, place)
  )
  if (rule.product === undefined && !isProduct(probe)) return undefined
  const source = operands(around, read, rule, inner, layout, axisOf)
  const body = (at: readonly Index[], n: number): Value =>
    rule.body(lane(n), at, (k, place) => source(k, place, n))
  return { kernel: reduce({ output, combine, loops, body, lanes: LANES, epilogue }, around.backend), strides }
}

/**
 * The kernel that computes a stored node: a reduction of products in quads where the backend gains from that, else the
 * first layout that needs no division, or else the last.
 */
export const kernelOf = (around: Surroundings, root: Tensor): Written => {
  const first = around.backend === 'webasm' ? writeQuads(around, root) : undefined
  if (first !== undefined) return first
  const tries = layouts(root.shape, around.backend)
  for (const layout of tries.slice(0, -1)) {
    const written = write(around, root, layout, true)
    if (written !== undefined) return written
  }
  return write(around, root, tries.at(-1)!, false)!
}

/** The kernel that copies a node into another arrangement. */
export const copyOf = (around: Surroundings, node: Tensor, { order, every }: Arrangement): Kernel => {
  const shape = order.map((a) => (a === every?.axis ? node.shape[a]! / LANES : node.shape[a]!))
  const [first, other] = layouts(shape, around.backend).map(({ output, coordinates }) => {
    const place = node.shape.map((_, a) => {
      const index = coordinates[order.indexOf(a)]!
      return a === every?.axis ? add(scale(LANES, index), constantIndex(every.lane)) : index
    })
    return { output, value: reader(around)(node, place) }
  })
  const chosen = other === undefined || !dividesIn(first!.value) ? first! : other
  return pointwise(chosen, around.backend)
}

/** The elements of a buffer in row-major order as one flat row, which reads back as a single typed array. */
export const flatCopy = (
  shape: readonly number[],
  { number, strides }: Buffer,
  backend: KernelBackend
): Kernel => {
  const { output, coordinates } = flat(shape)
  return pointwise(
    { output, value: { kind: 'load', array: number, at: locate(coordinates, strides) } },
    backend
  )
}
