import { plain } from '../core/plain.js'
import { requireWhole } from '../core/check.js'
import { fail } from '../core/error.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'

/**
 * How the weights that a mask keeps are allocated to layers. `global`: the best of all layers together; `uniform`: every
 * layer at the same density; `erk`: see {@link erkCounts}; or a count for each layer.
 */
export type LayerAllocation = 'global' | 'uniform' | 'erk' | readonly number[]

/** How many weights a mask keeps: of all together, or of each layer. */
export type Allocation =
  | { readonly kind: 'together'; readonly count: number }
  | { readonly kind: 'each'; readonly counts: readonly number[] }

const total = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

/** The number of weights that a mask keeps of so many: round(density · size), at least one. */
const countOf = (operation: string, density: number, size: number): number => {
  if (!(density > 0 && density <= 1))
    fail('ArgumentError', operation, 'a density in (0, 1]', `${density}`, 'density')
  const k = Math.round(density * size)
  return k >= 1
    ? k
    : fail('ArgumentError', operation, `a density that keeps one of ${size} weights`, `${density}`, 'density')
}

const checkCounts = (
  operation: string,
  counts: readonly number[],
  shapes: readonly Shape[]
): readonly number[] => {
  if (counts.length !== shapes.length)
    fail('ArgumentError', operation, `${shapes.length} counts`, `${counts.length}`, 'layers')
  return counts.map((count, l) => requireWhole(operation, `layers[${l}]`, count, 1, sizeOf(shapes[l]!)))
}

/** Allocates the kept weights to layers of the given shapes; counts hold as they are, whatever the density. */
export const allocate = (
  operation: string,
  layers: LayerAllocation,
  density: number,
  shapes: readonly Shape[]
): Allocation => {
  switch (layers) {
    case 'global':
      return { kind: 'together', count: countOf(operation, density, total(shapes.map(sizeOf))) }
    case 'uniform':
      return { kind: 'each', counts: uniformCounts(density)(shapes) }
    case 'erk':
      return { kind: 'each', counts: erkCounts(density)(shapes) }
    default:
      return { kind: 'each', counts: checkCounts(operation, layers, shapes) }
  }
}

/** Every layer at the same density, and its biases where they take part. */
export const uniformCounts = plain(
  'mask.uniformCounts',
  (density: number) =>
    (shapes: readonly Shape[]): readonly number[] =>
      shapes.map((shape) => countOf('mask.uniformCounts', density, sizeOf(shape)))
)

/** The axes of weights, and of biases as weights of one constant input. */
const fans = (shape: Shape): Shape => (shape.length === 1 ? [1, ...shape] : shape)

/**
 * Layer densities proportional to (fan-in + fan-out) / (fan-in · fan-out), scaled to the given total density; a layer
 * that would pass 1 is kept whole and the rest scaled anew (Erdős–Rényi–Kernel: Evci, Gale, Menick, Castro, Elsen,
 * arXiv:1911.11134, sec. 3). Biases are weights of one constant input, (1 + n) / n, so they are the first to be
 * kept whole. The counts add up to round(density · total), the remainders of rounding going to the largest.
 */
export const erkCounts = plain(
  'mask.erkCounts',
  (density: number) =>
    (shapes: readonly Shape[]): readonly number[] => {
      const sizes = shapes.map(sizeOf)
      const count = countOf('mask.erkCounts', density, total(sizes))
      const raw = shapes.map((shape) => total(fans(shape)) / sizeOf(shape))
      const whole = new Set<number>()
      for (;;) {
        const open = sizes.map((_, l) => l).filter((l) => !whole.has(l))
        const left = count - total([...whole].map((l) => sizes[l]!))
        const scale = left / total(open.map((l) => raw[l]! * sizes[l]!))
        const over = open.filter((l) => scale * raw[l]! > 1)
        if (over.length === 0)
          return roundTo(
            count,
            sizes.map((size, l) => (whole.has(l) ? size : scale * raw[l]! * size)),
            shapes
          )
        over.forEach((l) => whole.add(l))
      }
    }
)

/**
 * What is left after each of n rounds of pruning: the fraction ρ^(k/n), and how it is allocated. No round brings back what one before it
 * removed: of a smaller total, rounding may give a layer of `erk` a weight more, and every round keeps at least as many as a later one.
 */
export const roundsTo = (
  density: number,
  rounds: number,
  layers: LayerAllocation,
  shapes: readonly Shape[]
): readonly { readonly density: number; readonly layers: LayerAllocation }[] => {
  const densities = Array.from({ length: rounds }, (_, k) => density ** ((k + 1) / rounds))
  if (layers !== 'erk') return densities.map((each) => ({ density: each, layers }))
  let later: readonly number[] = []
  return densities
    .toReversed()
    .map((each) => {
      later = erkCounts(each)(shapes).map((count, l) => Math.max(count, later[l] ?? 0))
      return { density: each, layers: later }
    })
    .reverse()
}

/** Whole numbers that add up to the count, each the exact one rounded down or up. */
const roundTo = (count: number, exact: readonly number[], shapes: readonly Shape[]): readonly number[] => {
  const down = exact.map((x) => Math.floor(x + 1e-9))
  const up = exact
    .map((x, l) => ({ l, remainder: x - down[l]! }))
    .sort((a, b) => b.remainder - a.remainder || a.l - b.l)
    .slice(0, count - total(down))
    .map(({ l }) => l)
  const counts = down.map((n, l) => (up.includes(l) ? n + 1 : n))
  const empty = counts.findIndex((n) => n === 0)
  return empty < 0
    ? counts
    : fail(
        'ArgumentError',
        'mask.erkCounts',
        'a density that keeps a weight of every layer',
        `none of ${showShape(shapes[empty]!)}`
      )
}
