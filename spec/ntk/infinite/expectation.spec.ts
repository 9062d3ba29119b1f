import { describe, expect, it } from 'vitest'
import * as arc from '../../../lib/ntk/infinite/arc-cosine.js'
import { gaussHermite } from '../../../lib/ntk/infinite/expectation.js'
import { evaluateOn, grad, ndarray, type NdArray, ops, spec, type Tensor } from 'tangentflow'
import { secondDerivatives } from 'tangentflow/laws'
import { maxDifference } from '../../support/networks.js'
import { runs } from '../../support/runs.js'

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

/** The functions of a correlation as functions of its cosine. */
const ofCosine =
  (f: (c: arc.CorrelationGaps) => Tensor) =>
  (c: Tensor): Tensor =>
    f({ below: ops.sub(c)(ops.ones(c.shape)), above: ops.add(1)(c) })
const [kappa0, kappa1] = [ofCosine(arc.kappa0), ofCosine(arc.kappa1)]
const arcsine = (z: Tensor): Tensor =>
  arc.arcsine(z, ops.sqrt(ops.mul(ops.add(1)(z))(ops.sub(z)(ops.ones(z.shape)))))

/** From nearly 0 to nearly π. */
const angles = [1e-7, 1e-4, 0.01, 0.3, 1, Math.PI / 2, 2, 3, 3.14]

describe('arc-cosine kernels', () => {
  const c = ndarray.of([angles.length], angles.map(Math.cos))
  const exact = (f: (theta: number) => number): NdArray =>
    ndarray.of(
      c.shape,
      [...c.data].map((cosine) => f(Math.acos(cosine)))
    )

  it('agree with Math.acos to rounding', () => {
    const order0 = exact((t) => (Math.PI - t) / Math.PI)
    const order1 = exact((t) => (Math.sin(t) + (Math.PI - t) * Math.cos(t)) / Math.PI)
    expect(maxDifference(evaluateOn((x: Tensor) => kappa0(x))(c), order0)).toBeLessThan(3e-16)
    expect(maxDifference(evaluateOn((x: Tensor) => kappa1(x))(c), order1)).toBeLessThan(6e-16)
    const sines = exact((t) => Math.PI / 2 - t)
    expect(maxDifference(evaluateOn(arcsine)(c), sines)).toBeLessThan(1e-15)
  })

  it('at ±1 are 1 and 0, with the derivatives κ₁′ = κ₀ and κ₀′ = 0', () => {
    const ends = ndarray.fromNested([1, -1])
    for (const f of [kappa0, kappa1])
      expect(ndarray.toNested(evaluateOn((x: Tensor) => f(x))(ends))).toEqual([1, 0])
    const slope = (f: typeof kappa0) => evaluateOn(grad((x: Tensor) => ops.sum()(f(x))))(ends)
    expect(ndarray.toNested(slope(kappa1))).toEqual([1, 0])
    expect(ndarray.toNested(slope(kappa0))).toEqual([0, 0])
  })

  it('have second derivatives', () => {
    const energy = (x: Tensor): Tensor => ops.sum()(kappa1(ops.scale(0.9)(ops.sin(x))))
    secondDerivatives(energy, [spec([3])], { runs: runs(15) })
  })
})
