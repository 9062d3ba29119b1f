import { fill, knownScalar, product, scaleBy, zerosLike } from '../../graph/contract.js'
import { apply, constant, type Tensor } from '../../graph/tensor.js'
import type { PointwiseName } from '../../graph/primitives/pointwise.js'
import { greater, mul, pointwise as functions, scale, square, where } from '../../graph/ops/pointwise.js'
import { batchedInputs, type DiffRule, mapTangent as map, plus, type Tangent } from '../diff-rule.js'

const { add, cos, div, equal, exp, lessEqual, log, neg, pow, sigmoid, sign, sin, sub } = functions

interface PointwiseRule {
  /** The value and its tangent in the usual notation; ẋ is the tangent of x, y the value. */
  readonly formula: string
  readonly jvp: (inputs: readonly Tensor[], tangents: readonly Tangent[], out: Tensor) => Tangent
  readonly transpose?: (
    inputs: readonly Tensor[],
    cotangent: Tensor,
    linear: readonly boolean[]
  ) => readonly Tangent[]
}

/** x where the condition is not 0, else 0, so that nothing of x shows where it is closed. */
export const gate = (condition: Tensor, x: Tensor): Tensor =>
  apply({ tag: 'pointwise', fn: 'gate' }, [condition, x])

/** A function of one argument with the given derivative. */
const smooth = (formula: string, derivative: (x: Tensor, out: Tensor) => Tensor): PointwiseRule => ({
  formula,
  jvp: ([x], [t], out) => map(t, (tangent) => product(derivative(x!, out), tangent))
})

/** A function that is constant wherever it has a derivative. */
const flat = (value: string): PointwiseRule => ({ formula: `${value}; 0`, jvp: () => undefined })

const wanted = (isWanted: boolean | undefined, value: () => Tensor): Tangent =>
  isWanted === true ? value() : undefined

/** Of a tangent what a choice lets through: half of it at a tie, and nothing where the other one is chosen. */
const passed = (chosen: Tensor, a: Tensor, b: Tensor, t: Tangent): Tangent =>
  map(t, (tangent) => gate(chosen, product(sub(scale(0.5)(equal(b)(a)))(fill(1, a.shape)), tangent)))

const extremum = (formula: string, reaches: (a: Tensor, b: Tensor) => Tensor): PointwiseRule => ({
  formula,
  jvp: ([a, b], [ta, tb]) => plus(passed(reaches(a!, b!), a!, b!, ta), passed(reaches(b!, a!), b!, a!, tb))
})

/** b a^(b−1), 0 where b is 0; for a known whole b the power stays one a backend can multiply out. */
const powerDerivative = (a: Tensor, b: Tensor): Tensor => {
  const known = knownScalar(b)
  // 0 · a⁻¹ is NaN at a = 0, where the derivative of a constant is 0
  if (known === 0) return zerosLike(a)
  if (known === 2) return scaleBy(constant(2), a)
  return known === undefined
    ? where(equal(0)(b))(0, mul(pow(sub(1)(b))(a))(b))
    : scale(known)(pow(known - 1)(a))
}

/** log a, and 0 at a = 0: aᵇ log a is 0 there for b > 0, and by convention for b = 0. */
const logOrZero = (a: Tensor): Tensor => log(where(equal(0)(a))(1, a))

/** The derivative of each pointwise function, and its transposition where it is linear. */
export const pointwiseRules: { readonly [F in PointwiseName]: PointwiseRule } = {
  neg: { formula: 'y = −x; −ẋ', jvp: (_, [t]) => map(t, neg), transpose: (_, ct) => [neg(ct)] },
  exp: smooth('y = eˣ; y ẋ', (_, out) => out),
  log: { formula: 'y = log x; ẋ / x', jvp: ([x], [t]) => map(t, div(x!)) },
  expm1: smooth('y = eˣ − 1; eˣ ẋ', exp),
  log1p: { formula: 'y = log(1 + x); ẋ / (1 + x)', jvp: ([x], [t]) => map(t, div(add(1)(x!))) },
  sqrt: {
    formula: 'y = √x; ẋ / 2y',
    jvp: (_, [t], out) => map(t, (tangent) => scale(0.5)(div(out)(tangent)))
  },
  tanh: smooth('y = tanh x; (1 − y²) ẋ', (_, out) => sub(square(out))(fill(1, out.shape))),
  sin: smooth('y = sin x; cos x ẋ', cos),
  cos: smooth('y = cos x; −sin x ẋ', (x) => neg(sin(x))),
  erf: smooth('y = erf x; 2/√π exp(−x²) ẋ', (x) => scale(2 / Math.sqrt(Math.PI))(exp(neg(square(x))))),
  erfc: smooth('y = erfc x; −2/√π exp(−x²) ẋ', (x) => scale(-2 / Math.sqrt(Math.PI))(exp(neg(square(x))))),
  ndtr: smooth('y = Φ(x); exp(−x²/2) / √2π ẋ', (x) =>
    scale(1 / Math.sqrt(2 * Math.PI))(exp(scale(-0.5)(square(x))))
  ),
  sigmoid: smooth('y = σ(x); σ(x) σ(−x) ẋ', (x, out) => product(out, sigmoid(neg(x)))),
  softplus: smooth('y = log(1 + eˣ); σ(x) ẋ', (x) => sigmoid(x)),
  relu: {
    formula: 'y = max(x, 0); ẋ where x > 0, else 0',
    jvp: ([x], [t]) => map(t, (tangent) => gate(greater(0)(x!), tangent))
  },
  sign: flat('y = sign x, 0 at 0'),
  abs: smooth('y = |x|; sign(x) ẋ', sign),
  floor: flat('y = ⌊x⌋'),
  add: {
    formula: 'y = a + b; ȧ + ḃ',
    jvp: (_, [ta, tb]) => plus(ta, tb),
    transpose: (_, ct, [a, b]) => [wanted(a, () => ct), wanted(b, () => ct)]
  },
  sub: {
    formula: 'y = a − b; ȧ − ḃ',
    // x − x is 0 to the last digit, and so is its derivative, whatever it would be added to
    jvp: ([a, b], [ta, tb]) => (a === b ? undefined : plus(ta, map(tb, neg))),
    transpose: (_, ct, [a, b]) => [wanted(a, () => ct), wanted(b, () => neg(ct))]
  },
  div: {
    formula: 'y = a / b; ȧ / b − y ḃ / b',
    jvp: ([, b], [ta, tb], out) =>
      plus(
        map(ta, div(b!)),
        map(tb, (t) => neg(div(b!)(product(out, t))))
      ),
    transpose: ([, b], ct) => [div(b!)(ct), undefined]
  },
  max: extremum('y = max(a, b); the tangent of the larger, the mean at a tie', (a, b) => lessEqual(a)(b)),
  min: extremum('y = min(a, b); the tangent of the smaller, the mean at a tie', (a, b) => lessEqual(b)(a)),
  pow: {
    formula: 'y = aᵇ; b aᵇ⁻¹ ȧ + y log a ḃ',
    jvp: ([a, b], [ta, tb], out) =>
      plus(
        map(ta, (t) => product(powerDerivative(a!, b!), t)),
        map(tb, (t) => product(mul(logOrZero(a!))(out), t))
      )
  },
  less: flat('y = [a < b]'),
  lessEqual: flat('y = [a ≤ b]'),
  equal: flat('y = [a = b]'),
  gate: {
    formula: 'y = x where c ≠ 0, else 0; ẋ where c ≠ 0, else 0',
    jvp: ([c], [, t]) => map(t, (tangent) => gate(c!, tangent)),
    transpose: ([c], ct) => [undefined, gate(c!, ct)]
  },
  select: {
    formula: 'y = a where c ≠ 0, else b; the tangent of the chosen side',
    jvp: ([c], [, ta, tb]) =>
      tb === undefined ? map(ta, (t) => gate(c!, t)) : where(c!)(ta ?? zerosLike(tb), tb),
    transpose: ([c], ct, [, a, b]) => [
      undefined,
      wanted(a, () => gate(c!, ct)),
      wanted(b, () => where(c!)(zerosLike(ct), ct))
    ]
  }
}

export const pointwise: DiffRule<'pointwise'> = {
  formula: {
    value: 'f(a, …) elementwise',
    tangent: 'by function, see below',
    transpose: 'neg, add, sub, div in a, select'
  },
  jvp: (node, tangents) => pointwiseRules[node.op.fn].jvp(node.inputs, tangents, node),
  transpose: (node, cotangent, linear) => {
    const rule = pointwiseRules[node.op.fn].transpose
    return rule === undefined ? [] : rule(node.inputs, cotangent, linear)
  },
  batch: (node, inputs, batched, size) => apply(node.op, batchedInputs(inputs, batched, size))
}
