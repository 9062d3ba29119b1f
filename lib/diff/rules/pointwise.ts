import { constant, fill, knownScalar, zerosLike } from '../../graph/constant.js'
import { product, scaleBy } from '../../graph/contract.js'
import type { PointwiseName } from '../../graph/op.js'
import {
  add,
  cos,
  div,
  equal,
  exp,
  less,
  log,
  mul,
  neg,
  pow,
  scale,
  select,
  sign,
  sin,
  square,
  sub
} from '../../graph/ops/arithmetic.js'
import { apply, type Tensor } from '../../graph/tensor.js'
import { plus } from '../accumulate.js'
import type { DiffRule, Tangent } from '../rule.js'
import { batchedTo } from './batched.js'

interface PointwiseRule {
  readonly jvp: (inputs: readonly Tensor[], tangents: readonly Tangent[], out: Tensor) => Tangent
  readonly transpose?: (
    inputs: readonly Tensor[],
    cotangent: Tensor,
    linear: readonly boolean[]
  ) => readonly Tangent[]
}

/** A function of one argument with the given derivative. */
const smooth = (derivative: (x: Tensor, out: Tensor) => Tensor): PointwiseRule => ({
  jvp: ([x], [t], out) => (t === undefined ? undefined : product(derivative(x!, out), t))
})

/** A function that is constant wherever it has a derivative. */
const flat: PointwiseRule = { jvp: () => undefined }

const map = (t: Tangent, f: (t: Tensor) => Tensor): Tangent => (t === undefined ? undefined : f(t))

const where = (wanted: boolean | undefined, value: () => Tensor): Tangent =>
  wanted === true ? value() : undefined

/** 1 where a is chosen over b, one half at a tie. */
const share = (chosen: Tensor, a: Tensor, b: Tensor): Tensor => add(scale(0.5)(equal(b)(a)))(chosen)

const extremum = (aChosen: (a: Tensor, b: Tensor) => Tensor): PointwiseRule => ({
  jvp: ([a, b], [ta, tb]) =>
    plus(
      map(ta, (t) => product(share(aChosen(a!, b!), a!, b!), t)),
      map(tb, (t) => product(share(aChosen(b!, a!), b!, a!), t))
    )
})

/** b a^(b−1); for a known whole b the power stays one a backend can multiply out. */
const powerDerivative = (a: Tensor, b: Tensor): Tensor => {
  const known = knownScalar(b)
  if (known === 2) return scaleBy(constant(2), a)
  return known === undefined ? mul(pow(sub(1)(b))(a))(b) : scale(known)(pow(known - 1)(a))
}

/** The derivative of each pointwise function, and its transposition where it is linear. */
const pointwiseRules: { readonly [F in PointwiseName]: PointwiseRule } = {
  neg: { jvp: (_, [t]) => map(t, neg), transpose: (_, ct) => [neg(ct)] },
  exp: smooth((_, out) => out),
  log: { jvp: ([x], [t]) => map(t, div(x!)) },
  sqrt: { jvp: (_, [t], out) => map(t, (tangent) => scale(0.5)(div(out)(tangent))) },
  tanh: smooth((_, out) => sub(square(out))(fill(1, out.shape))),
  sin: smooth(cos),
  cos: smooth((x) => neg(sin(x))),
  erf: smooth((x) => scale(2 / Math.sqrt(Math.PI))(exp(neg(square(x))))),
  sign: flat,
  abs: smooth(sign),
  floor: flat,
  add: {
    jvp: (_, [ta, tb]) => plus(ta, tb),
    transpose: (_, ct, [a, b]) => [where(a, () => ct), where(b, () => ct)]
  },
  sub: {
    jvp: (_, [ta, tb]) => plus(ta, map(tb, neg)),
    transpose: (_, ct, [a, b]) => [where(a, () => ct), where(b, () => neg(ct))]
  },
  div: {
    jvp: ([, b], [ta, tb], out) =>
      plus(
        map(ta, div(b!)),
        map(tb, (t) => neg(div(b!)(product(out, t))))
      ),
    transpose: ([, b], ct) => [div(b!)(ct), undefined]
  },
  max: extremum((a, b) => less(a)(b)),
  min: extremum((a, b) => less(b)(a)),
  pow: {
    jvp: ([a, b], [ta, tb], out) =>
      plus(
        map(ta, (t) => product(powerDerivative(a!, b!), t)),
        map(tb, (t) => product(mul(log(a!))(out), t))
      )
  },
  less: flat,
  lessEqual: flat,
  equal: flat,
  select: {
    jvp: ([c], [, ta, tb]) => {
      const shape = ta ?? tb
      return shape === undefined ? undefined : select(c!)(ta ?? zerosLike(shape), tb ?? zerosLike(shape))
    },
    transpose: ([c], ct, [, a, b]) => [
      undefined,
      where(a, () => select(c!)(ct, zerosLike(ct))),
      where(b, () => select(c!)(zerosLike(ct), ct))
    ]
  }
}

export const pointwise: DiffRule<'pointwise'> = {
  jvp: (node, tangents) => pointwiseRules[node.op.fn].jvp(node.inputs, tangents, node),
  transpose: (node, cotangent, linear) => {
    const rule = pointwiseRules[node.op.fn].transpose
    return rule === undefined ? [] : rule(node.inputs, cotangent, linear)
  },
  batch: (node, inputs, batched, size) =>
    apply(
      node.op,
      inputs.map((input, k) => batchedTo(input, batched[k]!, size))
    )
}
