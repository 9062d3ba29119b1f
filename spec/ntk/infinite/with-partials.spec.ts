import { describe, expect, it } from 'vitest'
import { arcsine, kappa0, kappa1 } from '../../../lib/ntk/infinite/with-partials.js'
import { evaluateOn, grad, type NdArray, ndarray, ops, spec, type Tensor } from 'tangentflow'
import { secondDerivatives } from 'tangentflow/laws'
import { maxDifference } from '../../support/networks.js'
import { runs } from '../../support/runs.js'

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
