import { fail } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import type { Layerwise, Weights } from '../nn/layer.js'
import type { Concrete } from '../graph/spec.js'
import { maskedLeaves } from './masked-leaves.js'

const checkDensity = (operation: string, density: number): number =>
  density > 0 && density <= 1
    ? density
    : fail('ArgumentError', operation, 'a density in (0, 1]', `${density}`, 'density')

/** The shapes of what a mask or a score covers, symbolic or concrete, in the order of the tree: a layer's biases before its weights. */
export const weightShapes = (weights: Layerwise<{ readonly shape: Shape }>): readonly Shape[] =>
  maskedLeaves(weights).map(({ shape }) => shape)

/** What one output of a layer sums over: weights are [inputs, outputs], or [outputs, inputs, …kernel] of a convolution. */
export const fanIn = ([first = 1, ...rest]: Shape): number =>
  rest.length === 1 ? first : rest.reduce((product, n) => product * n, 1)

/** The number of weights to keep of so many: round(density · size), at least one. */
export const countOf = (operation: string, density: number, size: number): number => {
  const k = Math.round(checkDensity(operation, density) * size)
  return k >= 1
    ? k
    : fail('ArgumentError', operation, `a density that keeps one of ${size} weights`, `${density}`, 'density')
}

/** The axes of weights, and of biases as weights of one constant input. */
const fans = (shape: Shape): Shape => (shape.length === 1 ? [1, ...shape] : shape)

/** Every layer at the same density, and its biases where they take part. */
export const uniformCounts =
  (density: number) =>
  (shapes: readonly Shape[]): readonly number[] =>
    shapes.map((shape) => countOf('mask.uniformCounts', density, sizeOf(shape)))

/**
 * Layer densities proportional to (fan-in + fan-out) / (fan-in · fan-out), scaled to the given total density; a layer
 * that would pass 1 is kept whole and the rest scaled anew (Erdős–Rényi–Kernel: Evci, Gale, Menick, Castro, Elsen,
 * arXiv:1911.11134, sec. 3). Biases are weights of one constant input, (1 + n) / n, so they are the first to be
 * kept whole. The counts add up to round(density · total), the remainders of rounding going to the largest.
 */
export const erkCounts =
  (density: number) =>
  (shapes: readonly Shape[]): readonly number[] => {
    const sizes = shapes.map(sizeOf)
    const total = countOf(
      'mask.erkCounts',
      density,
      sizes.reduce((a, b) => a + b, 0)
    )
    const raw = shapes.map((shape) => fans(shape).reduce((a, b) => a + b, 0) / sizeOf(shape))
    const whole = new Set<number>()
    for (;;) {
      const open = sizes.map((_, l) => l).filter((l) => !whole.has(l))
      const left = total - [...whole].reduce((sum, l) => sum + sizes[l]!, 0)
      const scale = left / open.reduce((sum, l) => sum + raw[l]! * sizes[l]!, 0)
      const over = open.filter((l) => scale * raw[l]! > 1)
      if (over.length > 0) {
        over.forEach((l) => whole.add(l))
        continue
      }
      const exact = sizes.map((size, l) => (whole.has(l) ? size : scale * raw[l]! * size))
      return roundTo(total, exact, shapes)
    }
  }

/** Whole numbers that add up to the total, each the exact one rounded down or up. */
const roundTo = (total: number, exact: readonly number[], shapes: readonly Shape[]): readonly number[] => {
  const down = exact.map((x) => Math.floor(x + 1e-9))
  const missing = total - down.reduce((a, b) => a + b, 0)
  const byRemainder = exact
    .map((x, l) => ({ l, remainder: x - down[l]! }))
    .sort((a, b) => b.remainder - a.remainder || a.l - b.l)
    .slice(0, missing)
  const up = new Set(byRemainder.map(({ l }) => l))
  const counts = down.map((n, l) => (up.has(l) ? n + 1 : n))
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

/** The fraction that a concrete mask keeps of all that it covers. */
export const density = (mask: Concrete<Weights>): number => {
  const { kept, total } = countKept(mask).reduce(
    (a, b) => ({ kept: a.kept + b.kept, total: a.total + b.total }),
    {
      kept: 0,
      total: 0
    }
  )
  return kept / total
}

/** How many a mask keeps of one leaf. */
export const keptOf = ({ data }: NdArray): number => Array.from(data).filter((m) => m !== 0).length

/** Kept and all weights of each masked layer, in order; where biases take part, those of a layer before its weights. */
export const countKept = (
  mask: Concrete<Weights>
): readonly { readonly kept: number; readonly total: number }[] =>
  maskedLeaves(mask).map((leaf) => ({ kept: keptOf(leaf), total: leaf.data.length }))
