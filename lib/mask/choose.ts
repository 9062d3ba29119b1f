import { fail } from '../core/error.js'
import { isNdArray, type NdArray, of } from '../core/ndarray.js'
import { leaves, rebuild } from '../core/tree.js'
import type { Concrete } from '../graph/spec.js'
import type { Weights } from '../nn/layer.js'
import { allocate, type LayerAllocation } from './allocation.js'
import { weightShapes } from './density.js'

const operation = 'mask.topKMaskOf'

/** 1 at the k largest of a row of numbers, of equal ones the first. */
const best = (scores: Float64Array, k: number): Float32Array => {
  const threshold = Float64Array.from(scores).sort()[scores.length - k]!
  const kept = new Float32Array(scores.length)
  let left = k
  for (let i = 0; i < scores.length; i++) {
    if (scores[i]! > threshold) {
      kept[i] = 1
      left--
    }
  }
  for (let i = 0; left > 0; i++) {
    if (scores[i] === threshold) {
      kept[i] = 1
      left--
    }
  }
  return kept
}

/**
 * The mask of the best of concrete scores, as {@link keepBest} has it in a program: exactly as many as the density and
 * its layers ask for, of equal scores the first. A score that is no number is an ArgumentError.
 *
 * @example
 * import assert from 'node:assert'
 * import { mask, ndarray } from 'tangentflow'
 *
 * const scores = [{ w: ndarray.fromNested([[3, 1], [0, 2]]) }, {}, { w: ndarray.fromNested([[9, 8]]) }]
 * const together = mask.topKMaskOf({ layers: 'global', density: 0.5 })(scores)
 * assert.deepEqual(together.map(({ w }) => w && Array.from(w.data)), [[1, 0, 0, 0], undefined, [1, 1]])
 * const evenly = mask.topKMaskOf({ layers: 'uniform', density: 0.5 })(scores)
 * assert.deepEqual(evenly.map(({ w }) => w && Array.from(w.data)), [[1, 0, 0, 1], undefined, [1, 0]])
 */
export const topKMaskOf =
  ({ layers, density }: { readonly layers: LayerAllocation; readonly density: number }) =>
  (scores: Concrete<Weights>): Concrete<Weights> => {
    const made = allocate(operation, layers, density, weightShapes(scores))
    const found = leaves(operation, isNdArray, scores)
    const rows = found.map(({ value }) => Float64Array.from(value.data))
    rows.forEach((row, l) => {
      const at = row.findIndex(Number.isNaN)
      if (at >= 0)
        fail('ArgumentError', operation, 'scores that are numbers', 'NaN', `${found[l]!.path}, ${at}`)
    })
    const kept =
      made.kind === 'each'
        ? rows.map((row, l) => best(row, made.counts[l]!))
        : cut(
            best(Float64Array.from(rows.flatMap((row) => Array.from(row))), made.count),
            rows.map(({ length }) => length)
          )
    return rebuild<NdArray, Concrete<Weights>>(
      operation,
      isNdArray,
      scores,
      found.map(({ value }, l) => of(value.shape, kept[l]!))
    )
  }

/** A row cut into pieces of the given lengths. */
const cut = (row: Float32Array, lengths: readonly number[]): readonly Float32Array[] => {
  let at = 0
  return lengths.map((length) => row.slice(at, (at += length)))
}

/**
 * The layers, counted among those with weights, of whose weights a mask keeps none: whatever biases are left, their network
 * computes a constant.
 */
export const emptyLayers = (mask: Concrete<Weights>): readonly number[] =>
  mask
    .flatMap(({ w }) => (w === undefined ? [] : [w.data.some((m) => m !== 0)]))
    .flatMap((alive, l) => (alive ? [] : [l]))
