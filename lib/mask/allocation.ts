import { fail } from '../core/error.js'
import { type Shape, sizeOf } from '../core/shape.js'
import type { Weights } from '../nn/layer.js'
import { countOf, erkCounts, uniformCounts, weightShapes } from './density.js'
import { topK, topKPerLayer } from './topk.js'

/**
 * How the weights that a mask keeps are shared out. `global`: the best of all layers together; `uniform`: every layer at
 * the same density; `erk`: see {@link erkCounts}; or a count for each layer.
 */
export type LayerAllocation = 'global' | 'uniform' | 'erk' | readonly number[]

/** How many to keep: of all weights together, or of each layer. */
export type Allocation =
  | { readonly kind: 'together'; readonly count: number }
  | { readonly kind: 'each'; readonly counts: readonly number[] }

const each = (counts: readonly number[]): Allocation => ({ kind: 'each', counts })

const checked = (operation: string, counts: readonly number[], shapes: readonly Shape[]): Allocation => {
  if (counts.length !== shapes.length)
    fail('ArgumentError', operation, `${shapes.length} counts`, `${counts.length}`, 'layers')
  counts.forEach((count, l) => {
    const size = sizeOf(shapes[l]!)
    if (!(Number.isInteger(count) && count >= 1 && count <= size))
      fail('ArgumentError', operation, `a whole number in [1, ${size}]`, `${count}`, `layers[${l}]`)
  })
  return each(counts)
}

/** What each layer keeps at a density; counts given outright stand for themselves. */
export const allocate = (
  operation: string,
  layers: LayerAllocation,
  density: number,
  shapes: readonly Shape[]
): Allocation => {
  switch (layers) {
    case 'global': {
      const total = shapes.map(sizeOf).reduce((a, b) => a + b, 0)
      return { kind: 'together', count: countOf(operation, density, total) }
    }
    case 'uniform':
      return each(uniformCounts(density)(shapes))
    case 'erk':
      return each(erkCounts(density)(shapes))
    default:
      return checked(operation, layers, shapes)
  }
}

/** Scores to the mask of the best, as a traced function. */
export const keepBest =
  (operation: string, layers: LayerAllocation, density: number) =>
  (scores: Weights): Weights => {
    const made = allocate(operation, layers, density, weightShapes(scores))
    return made.kind === 'together' ? topK(made.count)(scores) : topKPerLayer(made.counts)(scores)
  }
