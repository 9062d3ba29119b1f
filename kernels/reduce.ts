import { add, axis, constantIndex, type Index, range, scale, zero } from './coordinate.js'
import type { Kernel, KernelBackend } from './kernel.js'
import { jumpsIn } from './choice.js'
import { literalFor } from './literal.js'
import { openScope, type Scope } from './scope.js'
import { AFTER, type Value } from './value.js'
import { valueText } from './value-text.js'
import { variants } from './variants.js'

/** A reduction: one cell folds `body` over all loops, then `epilogue` makes the result of it. */
export interface Reduction {
  readonly output: readonly number[]
  readonly combine: 'sum' | 'max'
  /** Sizes of the reduced axes, outermost first. */
  readonly loops: readonly number[]
  /** The element at given positions in the loops, for one of the cells that are computed together. */
  readonly body: (at: readonly Index[], lane: number) => Value
  /** How many neighbouring cells along x are computed together: 1, or {@link LANES} where x is exactly that long. */
  readonly lanes: number
  /** How many elements of the innermost loop a turn handles, where the body is small. */
  readonly unroll: number
  /** The cell's value; holds `{ kind: 'result' }` where the reduction stands. */
  readonly epilogue: Value
}

/** The width of a vector of gpu.js on webasm. */
export const LANES = 4

const LONG = 1024
const CHUNK = 64
const SMALL_BODY = 12
/** Windows of 3 × 3 and 4 × 4 are written out. */
const WRITTEN_OUT = 16

/** One walk over the innermost axes: its loops, and the places of the elements handled straight in their body. */
interface Walk {
  readonly loops: readonly number[]
  readonly elements: (counters: readonly Index[]) => readonly (readonly Index[])[]
}

/** A part of a loop, as one loop or several in each other, and the place in the loop where their counters are. */
interface Segment {
  readonly loops: readonly number[]
  readonly at: (counters: readonly Index[]) => Index
}

/** The loops that run so many turns, all but fewer than a chunk of them. */
const levels = (turns: number): readonly number[] =>
  turns >= CHUNK ** 2
    ? [Math.floor(turns / CHUNK ** 2), CHUNK, CHUNK]
    : turns >= CHUNK
      ? [Math.floor(turns / CHUNK), CHUNK]
      : [turns]

/** A loop as it is; a long one in several levels, so that partial sums keep float32's precision. */
const segments = (turns: number, isLong: boolean): readonly Segment[] => {
  const found: Segment[] = []
  for (let first = 0; first < turns;) {
    const start = constantIndex(first)
    const loops = isLong ? levels(turns - first) : [turns]
    const count = loops.reduce((product, n) => product * n, 1)
    found.push({
      loops: count === 1 ? [] : loops,
      at: (counters) =>
        add(
          start,
          counters.reduce((outer, counter, i) => add(scale(loops[i]!, outer), counter), zero)
        )
    })
    first += count
  }
  return found
}

/** Walks of `unroll` elements a turn. */
const walks = (size: number, unroll: number): readonly Walk[] => {
  const turns = Math.floor(size / unroll)
  const main = segments(turns, size > LONG).map(({ loops, at }): Walk => ({
    loops,
    elements: (counters) => range(unroll).map((i) => [add(scale(unroll, at(counters)), constantIndex(i))])
  }))
  const rest = range(size - turns * unroll)
  return rest.length === 0
    ? main
    : [...main, { loops: [], elements: () => rest.map((i) => [constantIndex(turns * unroll + i)]) }]
}

/** Parts combined pairwise: a short chain for the processor, and less rounding. */
const combined = (combine: Reduction['combine'], parts: readonly string[]): string => {
  if (parts.length === 1) return parts[0]!
  const half = parts.length >> 1
  const [a, b] = [combined(combine, parts.slice(0, half)), combined(combine, parts.slice(half))]
  return combine === 'sum' ? `(${a} + ${b})` : `Math.max(${a}, ${b})`
}

const update = (combine: Reduction['combine'], name: string, part: string): string =>
  combine === 'sum' ? `${name} = ${name} + ${part};` : `${name} = Math.max(${name}, ${part});`

/** The size of a body in values, shared ones once. */
const extent = (value: Value, seen = new Set<Value>()): number => {
  if (seen.has(value)) return 0
  seen.add(value)
  const inner =
    value.kind === 'apply' ? value.args : value.kind === 'within' ? [value.inside, value.outside] : []
  return inner.reduce((sum, part) => sum + extent(part, seen), 1)
}

/** The accumulator of a lane; in long sums the loop of each level has its own, which is added to the one around it. */
const accumulator = (lane: number, level = 0): string => (level === 0 ? `acc${lane}` : `acc${lane}n${level}`)

/** The accumulator of the lane a cell is in. */
const chosen = (lanes: number): string =>
  range(lanes - 1).reduceRight(
    (rest, lane) => `((this.thread.x < ${lane + 1}) ? ${accumulator(lane)} : ${rest})`,
    accumulator(lanes - 1)
  )

/** How many of the innermost loops are short enough to be written out, all their elements in one body. */
const writtenOut = (loops: readonly number[], most: number): number => {
  const sizes = loops.toReversed()
  let elements = 1
  const end = sizes.findIndex((n) => (elements *= n) > most)
  return end < 0 ? sizes.length : end
}

/** The places of all elements of some loops. */
const placesOf = (loops: readonly number[]): readonly (readonly Index[])[] =>
  loops.reduce<readonly (readonly Index[])[]>(
    (places, n) => places.flatMap((place) => range(n).map((i) => [...place, constantIndex(i)])),
    [[]]
  )

/** The walks over the innermost loops, with at most so many elements a turn, and the loops around them. */
const cut = (
  loops: readonly number[],
  most: number,
  unroll: number
): readonly [readonly number[], readonly Walk[]] => {
  const count = most > 1 ? writtenOut(loops, Math.min(most, WRITTEN_OUT)) : 0
  if (count > 0) {
    const front = loops.length - count
    const places = placesOf(loops.slice(front))
    return [loops.slice(0, front), [{ loops: [], elements: () => places }]]
  }
  return [loops.slice(0, -1), walks(loops.at(-1) ?? 1, Math.min(most, unroll))]
}

/** The most elements that a turn of a loop may handle: one where its body is large, and as many as a shader's compiler bears. */
const mostOf = ({ loops, body }: Reduction, backend: KernelBackend): number => {
  const counters = loops.map((count, i) => ({ name: `probe${i}`, count }))
  const element = body(
    counters.map(({ name, count }, i) => axis(name, count, i + 1)),
    0
  )
  if (extent(element) > SMALL_BODY) return 1
  const { jumps } = variants[backend]
  if (jumps === Infinity) return Infinity
  const scope = openScope(backend)
  scope.nest(counters, () => valueText(scope)(element))
  return Math.max(1, Math.floor(jumps / jumpsIn(scope.finish('probe', [1], '0').source)))
}

/** Writes the loops of a reduction into its accumulators. */
const accumulate = (scope: Scope, textOf: (value: Value) => string, reduction: Reduction): void => {
  const { combine, loops, body, lanes, unroll } = reduction
  const isLong = combine === 'sum' && loops.reduce((product, n) => product * n, 1) > LONG
  const [outer, inner] = cut(loops, mostOf(reduction, scope.backend), unroll)
  const fronts = outer.reduce<readonly (readonly Segment[])[]>(
    (lists, n) => lists.flatMap((list) => segments(n, isLong && n > LONG).map((part) => [...list, part])),
    [[]]
  )
  const whole = fronts.flatMap((front) => inner.map((walk) => ({ front, walk })))
  whole.forEach(({ front, walk }, n) => {
    const counts = [...front.flatMap((part) => part.loops), ...walk.loops]
    const names = counts.map((_, i) => `k${n}n${i}`)
    const counters = counts.map((count, i) => axis(names[i]!, count, i + 1))
    let next = 0
    const places = front.map(({ loops: own, at }) => at(counters.slice(next, (next += own.length))))
    const elements = walk.elements(counters.slice(next))
    const deepest = isLong ? Math.max(0, counts.length - 1) : 0
    scope.nest(
      counts.map((count, i) => ({ name: names[i]!, count })),
      () => {
        for (const lane of range(lanes)) {
          for (const level of range(deepest + 1).slice(1)) {
            scope.statement(`let ${accumulator(lane, level)} = 0;`, level)
            scope.behind(update('sum', accumulator(lane, level - 1), accumulator(lane, level)), level)
          }
          const parts = elements.map((at) => textOf(body(loops.length === 0 ? [] : [...places, ...at], lane)))
          scope.statement(
            update(combine, accumulator(lane, deepest), combined(combine, parts)),
            counts.length
          )
          scope.work(parts.length, counts.length)
        }
      }
    )
  })
}

/**
 * out[i] = epilogue(Σ body(i, k)), or the maximum. Every cell walks the reduced axes itself, some elements a turn with
 * pointers that advance by a constant. With lanes, every one of four neighbouring cells computes all four: nothing in the
 * loop then depends on x, so gpu.js keeps it in scalars that it computes once for the four, and only the end
 * chooses by x. That is worth it on webasm, where a read that depends on x is four reads with checks.
 *
 * Access: one read an array, cell and element, contiguous where the innermost loop is. Cost of a matrix product inside a
 * webasm plan, one thread: 3.2 GFLOP/s without lanes, 5.5 to 6 with (256³).
 */
export const reduce = (reduction: Reduction, backend: KernelBackend): Kernel => {
  const { combine, lanes, output, epilogue } = reduction
  const scope = openScope(backend, lanes)
  const textOf = valueText(scope)
  const initial = combine === 'sum' ? '0' : literalFor(backend, -Infinity)
  for (const lane of range(lanes)) scope.statement(`let ${accumulator(lane)} = ${initial};`)
  accumulate(scope, textOf, reduction)
  if (lanes > 1) scope.statement(`let acc = ${chosen(lanes)};`, AFTER)
  else scope.statement(`let acc = ${accumulator(0)};`, AFTER)
  return scope.finish(combine, output, textOf(epilogue))
}
