import { describe, expect, it } from 'vitest'
import { key } from '../../lib/core/key.js'
import { synthetic } from '../../lib/data/index.js'

describe('synthetic', () => {
  it('makes two balanced classes that differ where they should', () => {
    const rings = synthetic.rings({ points: 100, noise: 0 })(key(1))
    rings.y.data.forEach((label, i) =>
      expect(Math.hypot(rings.x.data[2 * i]!, rings.x.data[2 * i + 1]!)).toBeCloseTo(1 + label, 5)
    )
    const blobs = synthetic.blobs({ points: 400, features: 3, distance: 20 })(key(1))
    expect(blobs.x.shape).toEqual([400, 3])
    blobs.y.data.forEach((label, i) =>
      expect(Math.sign([0, 1, 2].reduce((sum, j) => sum + blobs.x.data[3 * i + j]!, 0))).toBe(label * 2 - 1)
    )
  })
})
