import { plain } from '../core/plain.js'
import { requireFinite, requireWhole } from '../core/check.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { derive, type HostKey, normals } from '../core/key.js'
import * as ndarray from '../core/ndarray.js'
import type { Labelled } from './labelled.js'

const twoClasses = (points: number, place: (i: number, label: number) => readonly number[]): Labelled => {
  const labels = Array.from({ length: points }, (_, i) => i % 2)
  const rows = labels.map((label, i) => place(i, label))
  return {
    x: ndarray.of([points, rows[0]?.length ?? 0], Float32Array.from(rows.flat())),
    y: ndarray.of([points], Float32Array.from(labels)),
    classes: 2
  }
}

const noiseOf = (source: HostKey, points: number, features: number): Float32Array =>
  normals(derive(source, { kind: 'fold', index: 0 }), points * features)

/** The options of {@link blobs}. */
export interface BlobOptions {
  /** How many points. @defaultValue 200 */
  readonly points?: number
  /** The dimension of the space. @defaultValue 2 */
  readonly features?: number
  /** From one centre to the other. @defaultValue 4 */
  readonly distance?: number
}

/** The options of {@link rings}. */
export interface RingOptions {
  /** How many points. @defaultValue 200 */
  readonly points?: number
  /** The standard deviation of the noise. @defaultValue 0.1 */
  readonly noise?: number
}

const blobKinds: OptionKinds<BlobOptions> = {
  points: option.number,
  features: option.number,
  distance: option.number
}

const ringKinds: OptionKinds<RingOptions> = { points: option.number, noise: option.number }

/**
 * Two Gaussian clouds of unit variance in `features` dimensions, their centres `distance` apart along the diagonal;
 * labels alternate, so that every prefix is balanced.
 */
export const blobs = plain(
  'data.synthetic.blobs',
  (options: BlobOptions = {}): ((source: HostKey) => Labelled) => {
    const operation = 'data.synthetic.blobs'
    const { points = 200, features = 2, distance = 4 } = checkOptions(operation, blobKinds, options)
    requireWhole(operation, 'points', points, 1)
    requireWhole(operation, 'features', features, 1)
    requireFinite(operation, 'distance', distance)
    return (source) => {
      const noise = noiseOf(source, points, features)
      const offset = distance / (2 * Math.sqrt(features))
      return twoClasses(points, (i, label) =>
        Array.from(
          { length: features },
          (_, j) => (label === 0 ? -offset : offset) + noise[i * features + j]!
        )
      )
    }
  }
)

/**
 * Two rings around the origin in the plane, of radius 1 and 2, with Gaussian noise: no line separates them.
 *
 * @example
 * import assert from 'node:assert'
 * import { data, key } from 'tangentflow'
 *
 * const { x, y } = data.synthetic.rings({ points: 10 })(key(0))
 * assert.deepEqual([x.shape, y.shape], [[10, 2], [10]])
 */
export const rings = plain(
  'data.synthetic.rings',
  (options: RingOptions = {}): ((source: HostKey) => Labelled) => {
    const operation = 'data.synthetic.rings'
    const { points = 200, noise: spread = 0.1 } = checkOptions(operation, ringKinds, options)
    requireWhole(operation, 'points', points, 1)
    requireFinite(operation, 'noise', spread)
    return (source) => {
      const noise = noiseOf(source, points, 2)
      return twoClasses(points, (i, label) => {
        const angle = (2 * Math.PI * i) / points
        const radius = 1 + label
        return [
          radius * Math.cos(angle) + spread * noise[2 * i]!,
          radius * Math.sin(angle) + spread * noise[2 * i + 1]!
        ]
      })
    }
  }
)
