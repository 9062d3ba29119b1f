import { pipe } from 'fp-ts/lib/function.js'
import { requireFinite, requirePositive } from '../../core/check.js'
import { fail } from '../../core/error.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as nn from '../../nn/index.js'
import { acrossPairs, type Covariances, type GaussianPairs, mapOwn, ownPairs } from './covariances.js'
import {
  arcsine,
  expectation,
  gaussHermite,
  kappa0,
  kappa1,
  type Profile,
  slopeOf,
  squaredSine
} from './expectation.js'
import { fixedLayer, type InfiniteLayer } from './infinite-layer.js'

/** How an activation φ maps covariances: E φ(u) φ(v), and E φ′(u) φ′(v). */
interface Dual {
  readonly covariance: (uv: GaussianPairs) => Tensor
  readonly derivative: (uv: GaussianPairs) => Tensor
}

/** K = E φ(u) φ(v) and Θ = E φ′(u) φ′(v) ∘ Θ before (Jacot, Gabriel, Hongler, arXiv:1806.07572, theorem 1). */
const limitOf =
  (name: string, { covariance, derivative }: Dual) =>
  (input: Covariances): Covariances => {
    const { ntk, form } = input
    if (!input.gaussian)
      return fail(
        'ArgumentError',
        `infinite.${name}`,
        'Gaussian units, so dense or conv2d before the activation',
        'the inputs, or the output of another activation'
      )
    const uv = acrossPairs(input)
    return {
      ...input,
      nngp: covariance(uv),
      ntk: ops.mul(derivative(uv))(ntk),
      ...mapOwn((own) => covariance(ownPairs(own, form)))(input),
      gaussian: false
    }
  }

const activation = (name: string, dual: Dual, layer: nn.Layer): InfiniteLayer =>
  fixedLayer(layer, { limit: limitOf(name, dual), ending: 'other' })

/**
 * φ(u) = below · u for u < 0 and above · u for u > 0. With relu's E = ab κ₁(c)/2 and E relu(u) v = ab c/2:
 * E φφ = ab (below · above · c + (above − below)² κ₁(c)/2) (Cho and Saul 2009; Arora et al., arXiv:1904.11955, app. C).
 */
const piecewiseLinear = (below: number, above: number): Dual => {
  const [line, bend] = [below * above, (above - below) ** 2 / 2]
  return {
    covariance: ({ a, b, c }) =>
      pipe(kappa1(c), ops.scale(bend), ops.add(ops.scale(line)(c)), ops.mul(a), ops.mul(b)),
    derivative: ({ c }) => pipe(kappa0(c), ops.scale(bend), ops.add(line))
  }
}

/** E (u + sign · v)² = (a − b)² + 2ab (1 + sign · c), a sum of terms that are not negative. */
const spread = (sign: 1 | -1, { a, b, c }: GaussianPairs): Tensor =>
  pipe(
    ops.scale(sign)(c),
    ops.add(1),
    ops.mul(a),
    ops.mul(b),
    ops.scale(2),
    ops.add(ops.square(ops.sub(b)(a)))
  )

const decay = (rate: number, x: Tensor): Tensor => ops.exp(ops.scale(-rate)(x))

/** max(u, 0). */
export const relu = activation('relu', piecewiseLinear(0, 1), nn.relu)

/** u where it is positive, else slope · u; any finite slope. */
export const leakyRelu = (slope: number): InfiniteLayer => {
  requireFinite('infinite.leakyRelu', 'slope', slope)
  const layer = nn.pointwise((u) => ops.select(ops.greater(0)(u))(u, ops.scale(slope)(u)))
  return activation('leakyRelu', piecewiseLinear(slope, 1), layer)
}

/** |u|. */
export const abs = activation('abs', piecewiseLinear(-1, 1), nn.pointwise(ops.abs))

/** E erf(u) erf(v) = (2/π) arcsin(2ab c / √((1 + 2a²)(1 + 2b²))) (Williams, "Computing with infinite networks", 1997). */
const erfDual: Dual = {
  covariance: ({ a, b, c }) => {
    const shrink = (s: Tensor): Tensor =>
      ops.mul(s)(ops.reciprocal(ops.sqrt(ops.add(1)(ops.scale(2)(ops.square(s))))))
    return pipe(c, ops.scale(2), ops.mul(shrink(a)), ops.mul(shrink(b)), arcsine, ops.scale(2 / Math.PI))
  },
  // (1 + 2a²)(1 + 2b²) − 4a²b²c², summed without cancellation
  derivative: ({ a, b, c }) => {
    const [q, r] = [ops.square(a), ops.square(b)]
    return pipe(
      squaredSine(c),
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

/** The error function. */
export const erf = activation('erf', erfDual, nn.erf)

/** E sin u sin v = (e^(−E(u − v)²/2) − e^(−E(u + v)²/2)) / 2, from 2 sin u sin v = cos(u − v) − cos(u + v). */
const sinDual: Dual = {
  covariance: (uv) => ops.scale(0.5)(ops.sub(decay(0.5, spread(1, uv)))(decay(0.5, spread(-1, uv)))),
  derivative: (uv) => ops.scale(0.5)(ops.add(decay(0.5, spread(1, uv)))(decay(0.5, spread(-1, uv))))
}

/** The sine. */
export const sin = activation('sin', sinDual, nn.pointwise(ops.sin))

/**
 * √2 sin(√(2γ) u + π/4), whose NNGP is the squared exponential kernel e^(−γ E(u − v)²) (Rahimi and Recht, "Random
 * features for large-scale kernel machines", 2007); γ > 0.
 */
export const rbf = (gamma: number): InfiniteLayer => {
  requirePositive('infinite.rbf', 'γ', gamma)
  const wave = (u: Tensor): Tensor =>
    ops.scale(Math.SQRT2)(ops.sin(ops.add(Math.PI / 4)(ops.scale(Math.sqrt(2 * gamma))(u))))
  const covariance = (uv: GaussianPairs): Tensor => decay(gamma, spread(-1, uv))
  const dual = { covariance, derivative: (uv: GaussianPairs) => ops.scale(2 * gamma)(covariance(uv)) }
  return activation('rbf', dual, nn.pointwise(wave))
}

/** How an expectation without a closed form is computed. */
export interface ElementwiseOptions {
  /**
   * The nodes of the quadrature along each of its two axes, 1 … 100. Cost and memory grow as their square.
   *
   * @defaultValue 32
   */
  readonly nodes?: number
}

/**
 * Any elementwise traced function φ, which must not use tensors from outside. Both expectations are computed by
 * Gauss–Hermite quadrature, φ′ by forward mode. Meant for smooth φ: for tanh at variance 1, 32 nodes leave 10⁻⁴ in K and 10⁻³
 * in Θ, relative to the largest entry; n nodes leave up to 1/2n and 3/n where φ has a kink.
 */
export const elementwise = (
  phi: (u: Tensor) => Tensor,
  { nodes = 32 }: ElementwiseOptions = {}
): InfiniteLayer => {
  const rule = gaussHermite(nodes)
  const expect =
    (f: (u: Tensor) => Tensor) =>
    ({ a, b, c }: GaussianPairs): Tensor => {
      const profile: Profile = (s, z) => f(ops.mul(z)(s))
      const wide = ops.broadcastTo(c.shape)
      return expectation(rule, profile, profile)(wide(a), wide(b), c)
    }
  return activation(
    'elementwise',
    { covariance: expect(phi), derivative: expect(slopeOf(phi)) },
    nn.pointwise(phi)
  )
}
