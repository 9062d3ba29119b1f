import { describe, expect, it } from 'vitest'
import { fromNested, of } from '../../lib/core/ndarray.js'
import * as laws from '../../lib/laws/index.js'

describe('isSymmetricPsd', () => {
  it('finds the eigenvalues of a known matrix', () => {
    const report = laws.isSymmetricPsd(
      fromNested([
        [2, -1, 0],
        [-1, 2, -1],
        [0, -1, 2]
      ])
    )
    expect(report.holds).toBe(true)
    expect(report.smallest).toBeCloseTo(2 - Math.SQRT2, 12)
    expect(report.largest).toBeCloseTo(2 + Math.SQRT2, 12)
  })
  it('takes a kernel of several outputs, with (example, output) as rows', () => {
    // K = [[1, 2], [2, 5]] ⊗ [[2, 1], [1, 3]]
    const [k, o] = [
      [1, 2, 2, 5],
      [2, 1, 1, 3]
    ] as const
    const kernel = of(
      [2, 2, 2, 2],
      k.flatMap((x) => o.map((y) => x * y))
    )
    expect(laws.isSymmetricPsd(kernel).holds).toBe(true)
  })
  it.each([
    [
      'asymmetric',
      [
        [1, 0.1],
        [0, 1]
      ]
    ],
    [
      'indefinite',
      [
        [1, 0],
        [0, -0.01]
      ]
    ],
    [
      'not a number',
      [
        [1, 0],
        [0, NaN]
      ]
    ]
  ])('refuses what is %s', (_, rows) => expect(laws.isSymmetricPsd(fromNested(rows)).holds).toBe(false))
})
