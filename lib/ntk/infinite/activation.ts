import { plain, plainRecord } from '../../core/plain.js'
import { pipe } from 'fp-ts/lib/function.js'
import { requireFinite, requirePositive } from '../../core/check.js'
import { fail } from '../../core/error.js'
import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as nn from '../../nn/index.js'
import { acrossPairs, type Covariances, type GaussianPairs, mapOwn, ownPairs } from './covariances.js'
import { type CorrelationGaps, cosineOf, isAcute, kappa0, kappa1, overlap } from './arc-cosine.js'
import { mapCorrelation, settled } from './correlation.js'
import { expectation, gaussHermite, type Profile, slopeOf, squaredDistance } from './expectation.js'
import { correlationFrom, type Dual, rootDifference } from './dual.js'
import { erfDual } from './erf-dual.js'
import { fixedLayer, type InfiniteLayer } from './infinite-layer.js'

/** K = E φ(u) φ(v) and Θ = E φ′(u) φ′(v) ∘ Θ before (Jacot, Gabriel, Hongler, arXiv:1806.07572, theorem 1). */
const limitOf =
  (name: string, { correlation, covariance, derivative }: Dual) =>
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
      correlation: mapCorrelation(correlation(uv), settled),
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
const piecewiseLinear = (low: number, high: number): Dual => {
  const [line, bend] = [low * high, (high - low) ** 2 / 2]
  const square = line + bend
  const perSquare = ops.scale(square === 0 ? 0 : 1 / square)
  return {
    correlation: ({ c }) => {
      const { below, above } = c
      const extra = ops.scale(bend)(overlap(c))
      const acute = ops.sub(extra)(ops.scale(square)(below))
      const obtuse = pipe(
        ops.fill((low + high) ** 2 / 2, above.shape),
        ops.sub(ops.scale(line)(above)),
        ops.sub(extra)
      )
      const opposed = ops.add(ops.scale(bend)(ops.add(1)(kappa1(c))))(ops.scale(line)(above))
      return mapCorrelation({ below: ops.where(isAcute(c))(acute, obtuse), above: opposed }, (t) =>
        ops.max(0)(perSquare(t))
      )
    },
    covariance: ({ a, b, c }) =>
      pipe(kappa1(c), ops.scale(bend), ops.add(ops.scale(line)(cosineOf(c))), ops.mul(ops.mul(b)(a))),
    derivative: ({ c }) => pipe(kappa0(c), ops.scale(bend), ops.add(line))
  }
}

/** E (u + sign · v)² = (a − b)² + 2ab (1 + sign · c), a sum of terms that are not negative. */
const spread = (sign: 1 | -1, { a, b, c }: GaussianPairs): Tensor =>
  pipe(
    sign === 1 ? c.above : c.below,
    ops.mul(ops.mul(b)(a)),
    ops.scale(2),
    ops.add(ops.square(ops.sub(b)(a)))
  )

const decay = (rate: number, x: Tensor): Tensor => ops.exp(ops.scale(-rate)(x))

/** max(u, 0). */
export const relu = plainRecord('ntk.infinite.relu', activation('relu', piecewiseLinear(0, 1), nn.relu))

/** u where it is positive, else slope · u; any finite slope. */
export const leakyRelu = plain('ntk.infinite.leakyRelu', (slope: number): InfiniteLayer => {
  requireFinite('infinite.leakyRelu', 'slope', slope)
  const layer = nn.pointwise((u) => ops.where(ops.greater(0)(u))(u, ops.scale(slope)(u)))
  return activation('leakyRelu', piecewiseLinear(slope, 1), layer)
})

/** |u|. */
export const abs = plainRecord(
  'ntk.infinite.abs',
  activation('abs', piecewiseLinear(-1, 1), nn.pointwise(ops.abs))
)

/** The error function. */
export const erf = plainRecord('ntk.infinite.erf', activation('erf', erfDual, nn.erf))

/** e^(−k a²) − e^(−k b²), without cancellation. */
const decayDifference = (rate: number, a: Tensor, b: Tensor): Tensor => {
  const gap = ops.mul(ops.add(b)(a))(ops.sub(b)(a))
  const part = ops.expm1(ops.scale(-rate)(ops.abs(gap)))
  return ops.mul(ops.sign(gap))(ops.mul(decay(rate, ops.square(ops.min(b)(a))))(part))
}

/**
 * E sin u sin v = (e^(−E(u − v)²/2) − e^(−E(u + v)²/2)) / 2, from 2 sin u sin v = cos(u − v) − cos(u + v). With d and s for
 * both exponents, E (sin u − sin v)² = (1 − e^(−d)) (1 + e^(−s)) − (e^(−a²) − e^(−b²))² / 2.
 */
const sinDual: Dual = {
  correlation: (uv) => {
    const { a, b } = uv
    const [d, s] = [spread(-1, uv), spread(1, uv)]
    const bend = ops.scale(0.5)(ops.square(decayDifference(1, a, b)))
    const distance = (near: Tensor, far: Tensor): Tensor =>
      ops.sub(bend)(ops.mul(ops.add(1)(decay(0.5, far)))(ops.neg(ops.expm1(ops.scale(-0.5)(near)))))
    const variance = (x: Tensor): Tensor => ops.scale(-0.5)(ops.expm1(ops.scale(-2)(ops.square(x))))
    const variances = [variance(a), variance(b)] as const
    return correlationFrom(
      [distance(d, s), distance(s, d)],
      rootDifference(ops.scale(-0.5)(decayDifference(2, a, b)), ...variances),
      variances
    )
  },
  // e^(−d) − e^(−s) = −e^(−d) (e^(d − s) − 1), where s − d = 2ab c
  covariance: (uv) => {
    const product = ops.mul(ops.mul(uv.b)(uv.a))(cosineOf(uv.c))
    const part = ops.neg(ops.expm1(ops.scale(-2)(ops.abs(product))))
    const larger = decay(0.5, ops.min(spread(1, uv))(spread(-1, uv)))
    return ops.scale(0.5)(ops.mul(ops.sign(product))(ops.mul(larger)(part)))
  },
  derivative: (uv) => ops.scale(0.5)(ops.add(decay(0.5, spread(1, uv)))(decay(0.5, spread(-1, uv))))
}

/** The sine. */
export const sin = plainRecord('ntk.infinite.sin', activation('sin', sinDual, nn.pointwise(ops.sin)))

/**
 * √2 sin(√(2γ) u + π/4), whose NNGP is the squared exponential kernel e^(−γ E(u − v)²) (Rahimi and Recht, "Random
 * features for large-scale kernel machines", 2007); γ > 0.
 */
export const rbf = plain('ntk.infinite.rbf', (gamma: number): InfiniteLayer => {
  requirePositive('infinite.rbf', 'γ', gamma)
  const wave = (u: Tensor): Tensor =>
    ops.scale(Math.SQRT2)(ops.sin(ops.add(Math.PI / 4)(ops.scale(Math.sqrt(2 * gamma))(u))))
  const covariance = (uv: GaussianPairs): Tensor => decay(gamma, spread(-1, uv))
  const dual = {
    correlation: (uv: GaussianPairs) => {
      const part = ops.expm1(ops.scale(-gamma)(spread(-1, uv)))
      return { below: ops.neg(part), above: ops.add(2)(part) }
    },
    covariance,
    derivative: (uv: GaussianPairs) => ops.scale(2 * gamma)(covariance(uv))
  }
  return activation('rbf', dual, nn.pointwise(wave))
})

/** How an expectation without a closed form is computed. */
export interface ElementwiseOptions {
  /**
   * The nodes of the quadrature along each of its two axes, 1 … 100. Cost and memory grow as their square.
   *
   * @defaultValue 32
   */
  readonly nodes?: number
}

const elementwiseKinds: OptionKinds<ElementwiseOptions> = { nodes: option.number }

/**
 * Any elementwise traced function φ, which must not use tensors from outside. Both expectations are computed by
 * Gauss–Hermite quadrature, φ′ by forward mode. Meant for smooth φ: for tanh at variance 1, 32 nodes leave 10⁻⁴ in K and 10⁻³
 * in Θ, relative to the largest entry; n nodes leave up to 1/2n and 3/n where φ has a kink.
 */
export const elementwise = plain(
  'ntk.infinite.elementwise',
  (phi: (u: Tensor) => Tensor, options: ElementwiseOptions = {}): InfiniteLayer => {
    const { nodes = 32 } = checkOptions('infinite.elementwise', elementwiseKinds, options)
    const rule = gaussHermite(nodes)
    const profileOf =
      (f: (u: Tensor) => Tensor): Profile =>
      (s, z) =>
        f(ops.mul(z)(s))
    const on =
      (f: (a: Tensor, b: Tensor, c: CorrelationGaps) => Tensor) =>
      ({ a, b, c }: GaussianPairs): Tensor => {
        const wide = ops.broadcastTo(c.below.shape)
        return f(wide(a), wide(b), c)
      }
    const expect = (f: (u: Tensor) => Tensor) => on(expectation(rule, profileOf(f), profileOf(f)))
    const covariance = expect(phi)
    const correlation = (uv: GaussianPairs): CorrelationGaps => {
      const distances = ([-1, 1] as const).map((sign) => on(squaredDistance(rule, profileOf(phi), sign))(uv))
      const one = (x: Tensor): GaussianPairs => ({
        a: x,
        b: x,
        c: { below: ops.fill(0, x.shape), above: ops.fill(2, x.shape) }
      })
      const [qa, qb] = [covariance(one(uv.a)), covariance(one(uv.b))]
      return correlationFrom([distances[0]!, distances[1]!], rootDifference(ops.sub(qb)(qa), qa, qb), [
        qa,
        qb
      ])
    }
    return activation(
      'elementwise',
      { correlation, covariance, derivative: expect(slopeOf(phi)) },
      nn.pointwise(phi)
    )
  }
)
