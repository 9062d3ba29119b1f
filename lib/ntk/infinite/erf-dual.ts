import { pipe } from 'fp-ts/lib/function.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import { angleWith, arcsine, cosineOf, squaredSine } from './arc-cosine.js'
import type { GaussianPairs } from './covariances.js'
import { correlationFrom, type Dual, reciprocal, rootDifference } from './dual.js'

/** For deviations a and b: u/√(1 + u²) of √2 a and √2 b, and their difference without cancellation. */
const shrunk = (a: Tensor, b: Tensor) => {
  const [s, t] = [ops.scale(Math.SQRT2)(a), ops.scale(Math.SQRT2)(b)]
  const [hs, ht] = [s, t].map((x) => ops.sqrt(ops.add(1)(ops.square(x)))) as [Tensor, Tensor]
  const sum = ops.add(ops.mul(hs)(t))(ops.mul(ht)(s))
  return {
    x: ops.div(hs)(s),
    y: ops.div(ht)(t),
    gap: pipe(ops.sub(t)(s), ops.mul(ops.add(t)(s)), ops.mul(reciprocal(sum)), ops.div(ops.mul(ht)(hs)))
  }
}

/** √(1 − r²) of r = 2a² / (1 + 2a²). */
const ownCosine = (a: Tensor): Tensor => {
  const q = ops.scale(2)(ops.square(a))
  return ops.div(ops.add(1)(q))(ops.sqrt(ops.add(1)(ops.scale(2)(q))))
}

/** 1/(1 + 2a²), and what it leaves of 1. */
const shares = (a: Tensor): readonly [rest: Tensor, share: Tensor] => {
  const q = ops.scale(2)(ops.square(a))
  const rest = ops.reciprocal(ops.add(1)(q))
  return [rest, ops.mul(rest)(q)]
}

/**
 * √(1 − ρ²) of ρ = 2ab c / √((1 + 2a²)(1 + 2b²)), and √((1 − p)(1 − q)) of p = 2a²/(1 + 2a²) and q of b: 1 − pq c² is
 * (1 − p) + p (1 − q) + pq (1 − c²), in which nothing cancels or overflows.
 */
const crossCosine = ({ a, b, c }: GaussianPairs): { readonly cosine: Tensor; readonly rest: Tensor } => {
  const [[restP, p], [restQ, q]] = [shares(a), shares(b)]
  const cosine = pipe(
    squaredSine(c),
    ops.mul(ops.mul(q)(p)),
    ops.add(ops.add(ops.mul(restQ)(p))(restP)),
    ops.sqrt
  )
  return { cosine, rest: ops.sqrt(ops.mul(restQ)(restP)) }
}

/** arcsin p − arcsin q from p − q and both cosines. */
const arcsineDifference = (
  [p, q, gap]: readonly [Tensor, Tensor, Tensor],
  [cosP, cosQ]: readonly [Tensor, Tensor]
): Tensor => {
  const slope = pipe(ops.mul(q)(ops.add(q)(p)), ops.div(ops.add(cosQ)(cosP)), ops.add(cosQ))
  const sine = ops.mul(slope)(gap)
  const cosine = ops.add(ops.mul(q)(p))(ops.mul(cosQ)(cosP))
  const angle = angleWith(sine, ops.abs(cosine))
  return ops.where(ops.less(0)(cosine))(ops.sub(angle)(ops.fill(Math.PI, angle.shape)), angle)
}

/** E erf(u) erf(v) = (2/π) arcsin(2ab c / √((1 + 2a²)(1 + 2b²))) (Williams, "Computing with infinite networks", 1997). */
export const erfDual: Dual = {
  correlation: (uv) => {
    const { a, b, c } = uv
    const { x, y, gap } = shrunk(a, b)
    const [p, q] = [ops.square(x), ops.square(y)]
    const [cosP, cosQ, cross] = [ownCosine(a), ownCosine(b), crossCosine(uv).cosine]
    const product = ops.mul(ops.mul(y)(x))(cosineOf(c))
    const wide = ops.broadcastTo(product.shape)
    const per = ops.scale(2 / Math.PI)
    // E (erf u ∓ erf v)² is 2/π times the sum of arcsin p ∓ arcsin ρ and arcsin q ∓ arcsin ρ
    const distance = (far: Tensor, rho: Tensor): Tensor =>
      per(
        ops.add(
          arcsineDifference([wide(p), rho, ops.mul(x)(ops.add(gap)(ops.mul(y)(far)))], [wide(cosP), cross])
        )(arcsineDifference([wide(q), rho, ops.mul(y)(ops.sub(gap)(ops.mul(x)(far)))], [wide(cosQ), cross]))
      )
    const variances = [per(arcsine(p, cosP)), per(arcsine(q, cosQ))] as const
    const apart = per(
      arcsineDifference([p, q, ops.mul(gap)(ops.add(y)(x))].map(wide) as [Tensor, Tensor, Tensor], [
        wide(cosP),
        wide(cosQ)
      ])
    )
    return correlationFrom(
      [distance(c.below, product), distance(c.above, ops.neg(product))],
      rootDifference(apart, ...variances),
      variances
    )
  },
  covariance: (uv) => {
    const { x, y } = shrunk(uv.a, uv.b)
    const rho = ops.mul(ops.mul(y)(x))(cosineOf(uv.c))
    return ops.scale(2 / Math.PI)(arcsine(rho, crossCosine(uv).cosine))
  },
  derivative: (uv) => {
    const { cosine, rest } = crossCosine(uv)
    return ops.scale(4 / Math.PI)(ops.div(cosine)(rest))
  }
}
