import { fail } from '../../core/error.js'
import * as ops from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as nn from '../../nn/index.js'
import { acrossPairs, ownPairs } from './correlation.js'
import type { Covariances } from './covariances.js'
import * as dual from './dual.js'
import type { InfiniteLayer } from './layer.js'
import { gaussHermite } from './quadrature.js'

/** K = E φ(u) φ(v) and Θ = E φ′(u) φ′(v) ∘ Θ before (Jacot, Gabriel, Hongler, arXiv:1806.07572, theorem 1). */
const limitOf =
  (name: string, { covariance, derivative }: dual.Dual) =>
  (input: Covariances): Covariances => {
    const { ntk, own1, own2, form } = input
    if (!input.gaussian)
      return fail(
        'ArgumentError',
        `infinite.${name}`,
        'Gaussian units, so dense or conv2d before the activation',
        'the inputs, or what another activation gave'
      )
    const uv = acrossPairs(input)
    const out1 = covariance(ownPairs(own1, form))
    return {
      ...input,
      nngp: covariance(uv),
      ntk: ops.mul(derivative(uv))(ntk),
      own1: out1,
      own2: own2 === own1 ? out1 : covariance(ownPairs(own2, form)),
      gaussian: false
    }
  }

const activation = (name: string, how: dual.Dual, layer: nn.Layer): InfiniteLayer => ({
  limit: limitOf(name, how),
  reads: (wanted) => wanted,
  ending: 'other',
  open: 0,
  finite: () => ({ kind: 'layer', layer })
})

/** max(u, 0). */
export const relu = activation('relu', dual.piecewiseLinear(0, 1), nn.relu)

const finite = (name: string, what: string, value: number): number =>
  Number.isFinite(value) ? value : fail('ArgumentError', `infinite.${name}`, `a finite ${what}`, `${value}`)

/** u where it is positive, else slope · u; any finite slope. */
export const leakyRelu = (slope: number): InfiniteLayer => {
  finite('leakyRelu', 'slope', slope)
  const layer = nn.pointwise((u) => ops.select(ops.greater(0)(u))(u, ops.scale(slope)(u)))
  return activation('leakyRelu', dual.piecewiseLinear(slope, 1), layer)
}

/** |u|. */
export const abs = activation('abs', dual.piecewiseLinear(-1, 1), nn.pointwise(ops.abs))

/** The error function. */
export const erf = activation('erf', dual.erf, nn.erf)

/** The sine. */
export const sin = activation('sin', dual.sin, nn.pointwise(ops.sin))

/** √2 sin(√(2γ) u + π/4), whose NNGP is the squared exponential kernel e^(−γ E(u − v)²); γ > 0. */
export const rbf = (gamma: number): InfiniteLayer => {
  if (!(finite('rbf', 'γ', gamma) > 0)) fail('ArgumentError', 'infinite.rbf', 'a positive γ', `${gamma}`)
  const wave = (u: Tensor): Tensor =>
    ops.scale(Math.SQRT2)(ops.sin(ops.add(Math.PI / 4)(ops.scale(Math.sqrt(2 * gamma))(u))))
  return activation('rbf', dual.rbf(gamma), nn.pointwise(wave))
}

/** How an expectation without a closed form is taken. */
export interface ElementwiseOptions {
  /** Nodes of the quadrature along each of its two axes, 1 … 100; 32 unless given. Cost and memory grow as their square. */
  readonly nodes?: number
}

/**
 * Any elementwise traced function φ, which must not use tensors from outside. Both expectations are taken by
 * Gauss–Hermite quadrature; φ′ by forward mode. Meant for smooth φ: for tanh at variance 1, 32 nodes leave 10⁻⁴ in K and 10⁻³
 * in Θ, relative to the largest entry; n nodes leave up to 1/2n and 3/n where φ has a kink.
 */
export const elementwise = (
  phi: (u: Tensor) => Tensor,
  { nodes = 32 }: ElementwiseOptions = {}
): InfiniteLayer => activation('elementwise', dual.byQuadrature(gaussHermite(nodes), phi), nn.pointwise(phi))
