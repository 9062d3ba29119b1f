import { add, clamp, divides, type Index, range, ravel, scale } from '../../../kernels/coordinate.js'
import type { Kernel } from '../../../kernels/kernel.js'
import { inOrder, layouts } from '../../../kernels/layout.js'
import { reduce } from '../../../kernels/reduce.js'
import { literal, type Value } from '../../../kernels/value.js'
import { predicted } from '../../../kernels/variants.js'
import { sizeOf } from '../../core/shape.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Lowered, ProductOperand } from './lower.js'
import { type LoweringContext, reader, type Stage } from './lowering-context.js'

/** A form is taken where it is predicted to be this much faster: predictions are not exact. */
const GAIN = 1.2
/** Shorter loops are never cut. */
const SHORT = 64
const WIDTH = 4

type Reduce = Extract<Lowered, { kind: 'reduce' }>

/** What the cells of a reduction walk over. */
export interface ReductionForm {
  /** The arrays that it reads beside those of the plan. */
  readonly before: readonly Stage[]
  readonly loops: readonly number[]
  /** The element of a cell at given positions in the loops, from the numbers of the arrays of `before`. */
  readonly body: (cell: readonly Index[], at: readonly Index[], arrays: readonly number[]) => Value
}

const sum = (parts: readonly Value[]): Value => {
  if (parts.length === 1) return parts[0]!
  const half = parts.length >> 1
  return { kind: 'apply', fn: 'add', args: [sum(parts.slice(0, half)), sum(parts.slice(half))] }
}

/** The summed axis that vectors of four fill best; of equals the longest. */
const filled = (loops: readonly number[]): number => {
  const share = (n: number): number => n / (WIDTH * Math.ceil(n / WIDTH))
  return range(loops.length).reduce((best, i) => {
    const gain = share(loops[i]!) - share(loops[best]!)
    return gain > 0 || (gain === 0 && loops[i]! > loops[best]!) ? i : best
  })
}

/** How an operand is copied: summed axes inside, except that the axis neighbouring cells differ in comes last. */
const orderOf = ({ shape }: Tensor, { summed, shown }: ProductOperand): readonly number[] => {
  const last = shown.at(-1)!
  const others = range(shape.length).filter((a) => a !== last && !summed.includes(a))
  return [...others, ...summed, ...(last >= 0 ? [last] : [])]
}

/**
 * A product of two operands as one over copies of them whose elements are vectors of four along a summed axis: a quarter of
 * the reads. Undefined where a backend has no such elements, or the copies cost more than they save.
 */
const vec4Form = (
  { variants: table }: LoweringContext,
  inner: Tensor,
  rule: Reduce
): ReductionForm | undefined => {
  const { product, loops } = rule
  if (!table.vec4 || product === undefined) return undefined
  const along = filled(loops)
  const turns = loops.map((n, i) => (i === along ? Math.ceil(n / WIDTH) : n))
  const cells = sizeOf(inner.shape)
  const elements = inner.inputs.map((input) => (sizeOf(input.shape) * sizeOf(turns)) / sizeOf(loops))
  const flops = 2 * sizeOf(loops)
  const plain = predicted(table, cells, { loads: 2 * sizeOf(loops), flops })
  const packed = elements.reduce(
    (total, n) => total + predicted(table, n, { loads: WIDTH, flops: 0 }),
    predicted(table, cells, { loads: 2 * sizeOf(turns), flops })
  )
  if (packed * GAIN > plain) return undefined
  const copies = inner.inputs.map((node, k) => {
    const operand = product[k as 0 | 1]
    const order = orderOf(node, operand)
    const vec4 = operand.summed[along]!
    const shape = node.shape.map((n, a) => (a === vec4 ? Math.ceil(n / WIDTH) : n))
    const stage: Stage = { kind: 'copy', node, arrangement: { order, vec4 } }
    return { stage, locate: inOrder(shape, order) }
  })
  return {
    before: copies.map(({ stage }) => stage),
    loops: turns,
    body: (cell, at, arrays) =>
      sum(
        range(WIDTH).map((component) =>
          rule.body(cell, at, (k, place) => ({
            kind: 'load',
            array: arrays[k]!,
            at: copies[k]!.locate(place),
            component
          }))
        )
      )
  }
}

/**
 * How many cells share one loop of a reduction: as many as fill the device, but not more than halve what is left to reduce,
 * and never fewer than `least`. A number that divides the loop is taken if one is near.
 */
const chunksOf = (wide: number, least: number, cells: number, size: number): number => {
  const filling = Math.min(Math.ceil(wide / cells), Math.ceil(Math.sqrt(2 * size)))
  const best = Math.min(size, Math.max(least, filling))
  const near = range(best + 1).map((i) => best + i)
  return near.find((n) => size % n === 0) ?? best
}

/**
 * A reduction over what further cells have reduced: each takes every n-th element of the longest loop, so that neighbours read
 * neighbours. Undefined where cells enough are there without it. Ragged ends add zeros to a sum and repeat an element of a
 * maximum.
 */
const partialForm = (context: LoweringContext, inner: Tensor, rule: Reduce): ReductionForm | undefined => {
  const { backend, variants: table } = context
  const { loops, combine } = rule
  const cells = sizeOf(inner.shape)
  const total = sizeOf(loops)
  const along = range(loops.length).reduce((best, i) => (loops[i]! > loops[best]! ? i : best))
  const size = loops[along]!
  if (size < SHORT && total <= table.longest) return undefined
  const least = Math.ceil(total / table.longest)
  const chunks = chunksOf(table.wide, least, cells, size)
  const turns = Math.ceil(size / chunks)
  const work = (n: number) => ({ loads: n, flops: n })
  const whole = predicted(table, cells, work(total))
  const parts =
    predicted(table, cells * chunks, work((total / size) * turns)) + predicted(table, cells, work(chunks))
  if (chunks < 2 || (least < 2 && parts * GAIN > whole)) return undefined

  const shape = [...inner.shape, chunks]
  const read = reader(context, inner)
  const body = (cell: readonly Index[], at: readonly Index[]): Value => {
    const place = add(scale(chunks, at[along]!), cell.at(-1)!)
    const value = rule.body(
      cell.slice(0, -1),
      at.map((index, i) => (i === along ? clamp(place, size) : index)),
      (k, where) => read(inner.inputs[k]!, where)
    )
    return combine === 'max' || chunks * turns === size
      ? value
      : { kind: 'within', at: place, size, inside: value, outside: literal(0) }
  }
  const tries = layouts(shape, backend)
  const { output, coordinates } = tries.find((layout) => !layout.coordinates.some(divides)) ?? tries.at(-1)!
  const write = (): Kernel =>
    reduce(
      {
        output,
        combine,
        loops: loops.map((n, i) => (i === along ? turns : n)),
        body: (at) => body(coordinates, at),
        lanes: 1,
        unroll: table.unroll,
        epilogue: { kind: 'result' }
      },
      backend
    )
  return {
    before: [{ kind: 'partial', write }],
    loops: [chunks],
    body: (cell, at, [array]) => ({ kind: 'load', array: array!, at: ravel([...cell, ...at], shape) })
  }
}

/** What the cells of a reduction walk over on a backend: the plan's own loops, or a faster form of them on GPUs. */
export const reduction = (
  context: LoweringContext,
  root: Tensor,
  inner: Tensor,
  rule: Reduce
): ReductionForm => {
  const read = reader(context, root)
  return (
    partialForm(context, inner, rule) ??
    vec4Form(context, inner, rule) ?? {
      before: [],
      loops: rule.loops,
      body: (cell, at) => rule.body(cell, at, (k, place) => read(inner.inputs[k]!, place))
    }
  )
}
