import { axis, divide, type Index, range } from '../../../kernels/coordinate.js'
import { inOrder, type LaneLayout, laneLayout } from '../../../kernels/layout.js'
import { LANES, reduce } from '../../../kernels/reduce.js'
import type { Value } from '../../../kernels/value.js'
import { sizeOf } from '../../core/shape.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Lowered } from './lower.js'
import {
  type Arrangement,
  type LoweringContext,
  type ReadNode,
  reader,
  type Stage,
  type StagedKernel
} from './lowering-context.js'

// Sums of products on webasm. The numbers are elements; they were measured on a core with 32 KiB and 1 MiB of cache.

/** Operands up to this size stay in the first cache however they are walked. */
const SMALL = 4096
/** Operands beyond this size are used panel by panel. */
const LARGE = 16384
/** Operands up to this size stay in the second cache. */
const CACHED = 131072
/** A contiguous copy of an operand pays when its elements are read at least this often. */
const WORTH = 16
/** Sums of fewer products than this take some microseconds; their lanes would take gpu.js a millisecond to compile. */
const FEW = 16384
/** Copies for the lanes, which only save address arithmetic, pay when elements are read at least this often. */
const WORTH_LANES = 64

type Sum = Extract<Lowered, { kind: 'reduce' }>

/** Stand-ins for the loops of a sum, to see how its body reads. */
const probes = ({ loops }: Sum): readonly Index[] => loops.map((n, i) => axis(`probe${i}`, n, i + 1))

/** Whether a body is so small that its reads are what it costs: one array, or the product of two. */
const isProduct = (value: Value): boolean =>
  value.kind === 'load' ||
  (value.kind === 'apply' && value.fn === 'mul' && value.args.every((arg) => arg.kind === 'load'))

/** How far apart a loop reads an operand, or undefined if the operand is not read as it lies. */
const step = (value: Value, loop: string): number | undefined =>
  value.kind === 'load' && !value.at.terms.some(({ atom }) => atom.kind !== 'axis' && atom.level > 0)
    ? (value.at.terms.find(({ atom }) => atom.key === loop)?.factor ?? 0)
    : undefined

/** The operands of a sum that show an axis of its result, or of those that do not. */
const showing = (inner: Tensor, a: number, shows: boolean): readonly Tensor[] => {
  const { op } = inner
  return op.tag === 'contract'
    ? inner.inputs.filter((_, k) => op.operands[k]!.includes(op.output[a]!) === shows)
    : []
}

const largest = (nodes: readonly Tensor[]): number => Math.max(0, ...nodes.map((node) => sizeOf(node.shape)))

/**
 * The axis for the lanes: one that they divide, the last if it can be. Of a large product, one across which the other
 * operand stays in the second cache, because that is walked again for every group of lanes.
 */
const laneAxis = ({ schedule }: LoweringContext, root: Tensor, inner: Tensor): number | undefined => {
  const last = root.shape.length - 1
  const fit = root.shape.map((_, a) => a).filter((a) => root.shape[a]! % LANES === 0)
  if (schedule.rows.has(root)) return fit.find((a) => a === last)
  const misses = (a: number): number => {
    const walked = largest(showing(inner, a, false))
    return walked <= CACHED ? 0 : walked
  }
  const rank = (a: number): number => (a === last ? Infinity : root.shape[a]!)
  return fit.sort((a, b) => misses(a) - misses(b) || rank(b) - rank(a))[0]
}

/** Whether a node is a view with more elements than what it shows, as the windows of an image are: a copy would cost memory. */
const expands = ({ schedule }: LoweringContext, node: Tensor): boolean => {
  const shown = new Set<Tensor>()
  const visit = (inner: Tensor): void => {
    if (schedule.stored.has(inner)) shown.add(inner)
    else inner.inputs.forEach(visit)
  }
  visit(node)
  return sizeOf(node.shape) > 2 * [...shown].reduce((sum, { shape }) => sum + sizeOf(shape), 0)
}

/** The read of an operand for one of the lanes, from the numbers of the copied arrays. */
type ReadOperand = (place: readonly Index[], lane: number, arrays: readonly number[]) => Value

/**
 * How the operands of a product in lanes are read: as they lie, or from copies. An operand that a wide step would make miss
 * the caches is copied with the summed axes contiguous. One that differs between the lanes is copied as four arrays, one a
 * lane: then all four are read at the same position, and its address is computed once.
 */
const operandsOf = (
  context: LoweringContext,
  read: ReadNode,
  rule: Sum,
  inner: Tensor,
  { lane }: LaneLayout,
  along: number
): { readonly before: readonly Stage[]; readonly operands: readonly ReadOperand[] } => {
  const before: Stage[] = []
  const stage = (node: Tensor, arrangement: Arrangement): number =>
    before.push({ kind: 'copy', node, arrangement }) - 1
  const plain = inner.inputs.map(
    (node): ReadOperand =>
      (place) =>
        read(node, place)
  )
  const { product, loops } = rule
  if (product === undefined) return { before, operands: plain }
  const innermost = `probe${loops.findLastIndex((n) => n > 1)}`
  const values: Value[] = []
  rule.body(lane(0), probes(rule), (k, place) => (values[k] = read(inner.inputs[k]!, place)))
  const operands = inner.inputs.map((node, k): ReadOperand => {
    const { shape } = node
    const size = sizeOf(shape)
    const reads = (sizeOf(inner.shape) * sizeOf(loops)) / size
    const apart = step(values[k]!, innermost)
    const isFar = apart === undefined || (apart !== 1 && size > SMALL)
    const { summed, shown } = product[k as 0 | 1]
    const order = [...range(shape.length).filter((a) => !summed.includes(a)), ...summed]
    const across = shown[along]!
    if (across >= 0 && size > SMALL && reads >= WORTH_LANES && !expands(context, node)) {
      const locate = inOrder(
        shape.map((n, a) => (a === across ? n / LANES : n)),
        order
      )
      const copies = range(LANES).map((n) => stage(node, { order, every: { axis: across, lane: n } }))
      return (place, n, arrays) => {
        const group = place.map((index, a) => (a === across ? divide(index, LANES).quotient : index))
        return { kind: 'load', array: arrays[copies[n]!]!, at: locate(group) }
      }
    }
    if (!isFar || reads < WORTH || expands(context, node)) return plain[k]!
    const locate = inOrder(shape, order)
    const copy = stage(node, { order })
    return (place, _, arrays) => ({ kind: 'load', array: arrays[copy]!, at: locate(place) })
  })
  return { before, operands }
}

/** A sum of products in lanes; undefined where its body is more than that, or no axis can be divided. */
export const lanes = (context: LoweringContext, root: Tensor): StagedKernel | undefined => {
  const { backend, lowered, schedule, variants } = context
  const inner = schedule.reductions.get(root) ?? root
  const rule = lowered.get(inner)!
  // maxima are faster in vectors, gathered reads and all: the scalar one costs several instructions
  if (rule.kind !== 'reduce' || rule.combine === 'max') return undefined
  if (sizeOf(inner.shape) * sizeOf(rule.loops) < FEW) return undefined
  const along = laneAxis(context, root, inner)
  if (along === undefined) return undefined
  const panels = !schedule.rows.has(root) && largest(showing(inner, along, true)) > LARGE
  const layout = laneLayout({ shape: root.shape, along, lanes: LANES, panels })
  const { output, coordinates, lane } = layout
  const read = reader(context, root)
  const probe = rule.body(lane(0), probes(rule), (k, place) => read(inner.inputs[k]!, place))
  if (rule.product === undefined && !isProduct(probe)) return undefined
  const epilogue = read(root, coordinates)
  const { combine, loops } = rule
  const { unroll } = variants
  const { before, operands } = operandsOf(context, read, rule, inner, layout, along)
  return {
    before,
    write: (arrays) => {
      const body = (at: readonly Index[], n: number): Value =>
        rule.body(lane(n), at, (k, place) => operands[k]!(place, n, arrays))
      const reduction = { output, combine, loops, body, lanes: LANES, unroll, epilogue }
      return { kernel: reduce(reduction, backend), layout }
    }
  }
}
