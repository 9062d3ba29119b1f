import { fail } from '../core/error.js'
import { of } from '../core/ndarray.js'
import type { Concrete } from '../graph/spec.js'
import type { Weights } from '../nn/layer.js'
import { allot, type Layers } from './allot.js'
import { weightShapes } from './density.js'

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
 * const together = mask.choose({ layers: 'global', density: 0.5 })(scores)
 * assert.deepEqual(together.map(({ w }) => w && Array.from(w.data)), [[1, 0, 0, 0], undefined, [1, 1]])
 * const evenly = mask.choose({ layers: 'uniform', density: 0.5 })(scores)
 * assert.deepEqual(evenly.map(({ w }) => w && Array.from(w.data)), [[1, 0, 0, 1], undefined, [1, 0]])
 */
export const choose =
  ({ layers, density }: { readonly layers: Layers; readonly density: number }) =>
  (scores: Concrete<Weights>): Concrete<Weights> => {
    const made = allot('mask.choose', layers, density, weightShapes(scores))
    const rows = scores.flatMap(({ w }) => (w === undefined ? [] : [Float64Array.from(w.data)]))
    rows.forEach((row, l) => {
      const at = row.findIndex(Number.isNaN)
      if (at >= 0) fail('ArgumentError', 'mask.choose', 'scores that are numbers', 'NaN', `layer ${l}, ${at}`)
    })
    const flat = Float64Array.from(rows.flatMap((row) => Array.from(row)))
    const kept =
      made.kind === 'each'
        ? rows.map((row, l) => best(row, made.counts[l]!))
        : cut(
            best(flat, made.count),
            rows.map(({ length }) => length)
          )
    let next = 0
    return scores.map(({ w }) => (w === undefined ? {} : { w: of(w.shape, kept[next++]!) }))
  }

/** A row cut into pieces of the given lengths. */
const cut = (row: Float32Array, lengths: readonly number[]): readonly Float32Array[] => {
  let at = 0
  return lengths.map((length) => row.slice(at, (at += length)))
}

/** The layers, counted among those with weights, of which a mask keeps nothing: their network computes a constant. */
export const emptied = (mask: Concrete<Weights>): readonly number[] =>
  mask
    .flatMap(({ w }) => (w === undefined ? [] : [w.data.some((m) => m !== 0)]))
    .flatMap((alive, l) => (alive ? [] : [l]))
