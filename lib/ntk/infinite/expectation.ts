import * as ops from '../../graph/ops/index.js'
import { table } from '../../graph/constant.js'
import type { Tensor } from '../../graph/tensor.js'
import { jvp } from '../../diff/index.js'
import { type Elementwise, rootOf, withPartials } from './partials.js'
import type { Rule } from './quadrature.js'

/** A function of a scale and a standard normal number, elementwise: (a, z) ↦ φ(a z). */
export type Profile = (scale: Tensor, z: Tensor) => Tensor

const alongScale =
  (f: Profile): Profile =>
  (scale, z) =>
    jvp((a: Tensor) => f(a, z))(scale, ops.ones(scale.shape))[1]

const alongNumber =
  (f: Profile): Profile =>
  (scale, z) =>
    jvp((x: Tensor) => f(scale, x))(z, ops.ones(z.shape))[1]

/**
 * E f(a, u) g(b, v) for standard normals u, v of correlation c, by quadrature over x, y with u = αx + βy and v = αx − βy,
 * α² = (1 + c)/2, β² = (1 − c)/2, so that exchanging the two sides gives the same sum. The derivative along c is
 * E ∂f/∂u ∂g/∂v (Price, "A useful theorem for nonlinear devices having Gaussian inputs", 1958): that of the sum itself
 * would divide by zero at c = ±1.
 */
export const expectation = (rule: Rule, f: Profile, g: Profile): Elementwise =>
  withPartials(
    'expectation',
    (a, b, c) => {
      const m = rule.nodes.length
      const grid = [...c!.shape, m, m]
      const spread = (t: Tensor): Tensor => ops.broadcastTo(grid)(ops.reshape([...t.shape, 1, 1])(t))
      const x = table([m, 1], rule.nodes)
      const y = table([1, m], rule.nodes)
      const half = (t: Tensor): Tensor => rootOf(ops.scale(0.5)(ops.add(1)(t)))
      const common = ops.mul(x)(spread(half(c!)))
      const apart = ops.mul(y)(spread(half(ops.neg(c!))))
      const left = f(spread(a!), ops.add(apart)(common))
      const right = g(spread(b!), ops.sub(apart)(common))
      const weights = table([m], rule.weights)
      const flat = (t: Tensor): Tensor => ops.reshape([-1, m, m])(t)
      return ops.reshape(c!.shape)(ops.einsum('nij,nij,i,j->n')(flat(left), flat(right), weights, weights))
    },
    (a, b, c) => [
      expectation(rule, alongScale(f), g)(a!, b!, c!),
      expectation(rule, f, alongScale(g))(a!, b!, c!),
      expectation(rule, alongNumber(f), alongNumber(g))(a!, b!, c!)
    ]
  )
