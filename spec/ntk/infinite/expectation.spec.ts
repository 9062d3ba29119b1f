import { describe, expect, it } from 'vitest'
import { gaussHermite } from '../../../lib/ntk/infinite/expectation.js'

describe('Gauss–Hermite quadrature', () => {
  /** E zᵏ of a standard normal: (k − 1)!! or 0. */
  const moment = (k: number): number => {
    if (k % 2 === 1) return 0
    let value = 1
    for (let j = k - 1; j > 1; j -= 2) value *= j
    return value
  }

  it.each([1, 2, 3, 8, 17, 32])('with %i nodes is exact up to degree 2n − 1, and not beyond', (n) => {
    const { nodes, weights } = gaussHermite(n)
    const sum = (k: number): number => nodes.reduce((s, x, i) => s + weights[i]! * x ** k, 0)
    const size = (k: number): number => nodes.reduce((s, x, i) => s + weights[i]! * Math.abs(x) ** k, 1e-300)
    for (let k = 0; k < 2 * n; k++) expect(Math.abs(sum(k) - moment(k))).toBeLessThan(1e-12 * size(k))
    expect(Math.abs(sum(2 * n) / moment(2 * n) - 1)).toBeGreaterThan(1e-12)
  })

  it('has 100 nodes whose weights add up to one', () => {
    const { nodes, weights } = gaussHermite(100)
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 13)
    expect(nodes.every((x, i) => i === 0 || x > nodes[i - 1]!)).toBe(true)
  })
})
