import { pipe } from 'fp-ts/lib/function.js'
import { jvp } from '../../diff/index.js'
import * as ops from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import { arcsine, kappa0, kappa1 } from './arccos.js'
import { expectation, type Profile } from './expectation.js'
import type { Rule } from './quadrature.js'

/**
 * Two zero-mean Gaussian numbers: standard deviations a and b, correlation c. They broadcast to the shape of c. Carrying c
 * and not the covariance lets a caller state exactly that two numbers are one.
 */
export interface Gaussians {
  readonly a: Tensor
  readonly b: Tensor
  readonly c: Tensor
}

/** What an activation φ does to a covariance: E φ(u) φ(v), and E φ′(u) φ′(v). */
export interface Dual {
  readonly covariance: (uv: Gaussians) => Tensor
  readonly derivative: (uv: Gaussians) => Tensor
}

/**
 * φ(u) = below · u for u < 0 and above · u for u > 0. With relu's E = ab κ₁(c)/2 and E relu(u) v = ab c/2:
 * E φφ = ab (below · above · c + (above − below)² κ₁(c)/2) (Cho and Saul 2009; Arora et al., arXiv:1904.11955, app. C).
 */
export const piecewiseLinear = (below: number, above: number): Dual => {
  const [line, bend] = [below * above, (above - below) ** 2 / 2]
  return {
    covariance: ({ a, b, c }) =>
      pipe(kappa1(c), ops.scale(bend), ops.add(ops.scale(line)(c)), ops.mul(a), ops.mul(b)),
    derivative: ({ c }) => pipe(kappa0(c), ops.scale(bend), ops.add(line))
  }
}

/** E erf(u) erf(v) = (2/π) arcsin(2ab c / √((1 + 2a²)(1 + 2b²))) (Williams, "Computing with infinite networks", 1997). */
export const erf: Dual = {
  covariance: ({ a, b, c }) => {
    const shrink = (s: Tensor): Tensor =>
      ops.mul(s)(ops.reciprocal(ops.sqrt(ops.add(1)(ops.scale(2)(ops.square(s))))))
    return pipe(c, ops.scale(2), ops.mul(shrink(a)), ops.mul(shrink(b)), arcsine, ops.scale(2 / Math.PI))
  },
  // (1 + 2a²)(1 + 2b²) − 4a²b²c², summed without cancellation
  derivative: ({ a, b, c }) => {
    const [q, r] = [ops.square(a), ops.square(b)]
    const squaredSine = ops.mul(ops.add(1)(c))(ops.sub(c)(ops.ones(c.shape)))
    return pipe(
      squaredSine,
      ops.mul(q),
      ops.mul(r),
      ops.scale(4),
      ops.add(ops.scale(2)(ops.add(r)(q))),
      ops.add(1),
      ops.sqrt,
      ops.reciprocal,
      ops.scale(4 / Math.PI)
    )
  }
}

/** E (u + sign · v)² = (a − b)² + 2ab (1 + sign · c), a sum of terms that are not negative. */
const spread = (sign: 1 | -1, { a, b, c }: Gaussians): Tensor =>
  pipe(
    ops.scale(sign)(c),
    ops.add(1),
    ops.mul(a),
    ops.mul(b),
    ops.scale(2),
    ops.add(ops.square(ops.sub(b)(a)))
  )

const decay = (rate: number, x: Tensor): Tensor => ops.exp(ops.scale(-rate)(x))

/** E sin u sin v = (e^(−E(u − v)²/2) − e^(−E(u + v)²/2)) / 2, from 2 sin u sin v = cos(u − v) − cos(u + v). */
export const sin: Dual = {
  covariance: (uv) => ops.scale(0.5)(ops.sub(decay(0.5, spread(1, uv)))(decay(0.5, spread(-1, uv)))),
  derivative: (uv) => ops.scale(0.5)(ops.add(decay(0.5, spread(1, uv)))(decay(0.5, spread(-1, uv))))
}

/**
 * φ(u) = √2 sin(√(2γ) u + π/4), whose covariance is the squared exponential e^(−γ E(u − v)²) (Rahimi and Recht, "Random
 * features for large-scale kernel machines", 2007).
 */
export const rbf = (gamma: number): Dual => ({
  covariance: (uv) => decay(gamma, spread(-1, uv)),
  derivative: (uv) => ops.scale(2 * gamma)(decay(gamma, spread(-1, uv)))
})

/** Any elementwise φ by Gauss–Hermite quadrature. */
export const byQuadrature = (rule: Rule, phi: (u: Tensor) => Tensor): Dual => {
  const slope = (u: Tensor): Tensor => jvp(phi)(u, ops.ones(u.shape))[1]
  const expect =
    (f: (u: Tensor) => Tensor) =>
    ({ a, b, c }: Gaussians): Tensor => {
      const profile: Profile = (s, z) => f(ops.mul(z)(s))
      const wide = ops.broadcastTo(c.shape)
      return expectation(rule, profile, profile)(wide(a), wide(b), c)
    }
  return { covariance: expect(phi), derivative: expect(slope) }
}
