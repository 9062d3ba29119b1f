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

  it.each([1e-200, 1, 1e200])('takes eigenvalues whose squares are no numbers: in units of %s', (unit) => {
    const scaled = (rows: readonly (readonly number[])[]) =>
      laws.isSymmetricPsd(fromNested(rows.map((row) => row.map((x) => x * unit))))
    const indefinite = scaled([
      [1, 2],
      [2, 1]
    ])
    expect(indefinite).toMatchObject({ holds: false, rank: 1 })
    expect(indefinite.smallest / unit).toBeCloseTo(-1, 12)
    const one = scaled([
      [1, 1],
      [1, 1]
    ])
    expect(one).toMatchObject({ holds: true, rank: 1 })
    expect(one.largest / unit).toBeCloseTo(2, 12)
  })
})
