import { of } from '../core/ndarray.js'
import { grad, hvp, jacfwd, jacrev, jvp, vjp } from '../diff/index.js'
import { hostLeaves, type HostValue, type Specs, specsOf } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { traceOrThrow } from '../graph/trace.js'
import { type Case, casesOf, child, cotangentLike, directionLike, inner } from './arbitraries.js'
import { bind, type Bound, compare, distance, judge, type Judged } from './compare.js'
import { law, type LawOptions, type LawReport, type Outcome, worstOf } from './law.js'
import { decidesOtherwise, observe } from './observe.js'

const STEP = 2 ** -12

const moved = (
  values: readonly HostValue[],
  direction: readonly HostValue[],
  by: number
): readonly HostValue[] =>
  values.map((value, i) => {
    const along = direction[i]
    return along?._tag === 'NdArray' && value._tag === 'NdArray'
      ? of(
          value.shape,
          Float64Array.from(value.data, (x, j) => x + by * along.data[j]!)
        )
      : value
  })

/**
 * Central differences at two steps, extrapolated (Richardson), of a graph whose first inputs move along a direction;
 * undefined where a decision changes between the points. The slack is an estimate of their error.
 */
const slopeOf = ({ graph, values }: Bound, direction: readonly HostValue[]): Judged | undefined => {
  const at = (by: number) => observe(graph, moved(values, direction, by))
  const [far, near] = [[at(STEP), at(-STEP)] as const, [at(STEP / 2), at(-STEP / 2)] as const]
  const here = judge({ graph, values })
  const middle = at(0)
  const crosses = [...far, ...near].some((there) => decidesOtherwise(middle.kinks, there.kinks))
  if (crosses || here === undefined) return undefined
  const quotient = (pair: typeof far, k: number, h: number): Float64Array =>
    Float64Array.from(pair[0].outputs[k]!.data, (y, i) => (y - pair[1].outputs[k]!.data[i]!) / (2 * h))
  const parts = graph.outputs.map(({ shape }, k) => {
    const wide = of(shape, quotient(far, k, STEP))
    const narrow = of(shape, quotient(near, k, STEP / 2))
    const output = of(
      shape,
      narrow.data.map((y, i) => (4 * y - wide.data[i]!) / 3)
    )
    return { output, slack: distance(wide, narrow) / 3 + (10 * here.slack[k]!) / STEP }
  })
  return { outputs: parts.map(({ output }) => output), slack: parts.map(({ slack }) => slack) }
}

/** What differences allow for, relative to the derivative. */
const DIFFERENCES = 1e-8

/** The gradient of a scalar function along a random direction, against differences. */
export const gradientAt = <X, Rest extends readonly unknown[]>(
  f: (x: X, ...rest: Rest) => Tensor,
  { args, source }: Case
): Outcome => {
  const [x, ...rest] = args
  const v = directionLike(x, child(source, 0))
  const slope = (p: X, t: X, ...others: Rest) => inner(grad(f)(p, ...others), t)
  const differences = slopeOf(bind(f, args), hostLeaves('laws', v))
  return compare(judge(bind(slope, [x, v, ...rest])), differences, DIFFERENCES)
}

/**
 * `grad` of a scalar function against central differences in float64, at random points along random directions. Points
 * whose differences cross a kink (of sign, abs, max, a comparison, top-k …) are drawn again and counted.
 *
 * @example
 * import assert from 'node:assert'
 * import { customVjp, ops, spec, type Tensor } from 'tangentflow'
 * import { checkGrad } from 'tangentflow/laws'
 *
 * const energy = (x: Tensor) => ops.sum()(ops.softplus(ops.square(x)))
 * assert.equal(checkGrad(energy, [spec([3, 2])], { runs: 20 }).runs, 20)
 *
 * // a derivative of your own that is wrong by a factor of two
 * const half = customVjp('half', ops.square, ([x], _out, ct) => [ops.mul(x!)(ct)])
 * assert.throws(() => checkGrad((x: Tensor) => ops.sum()(half(x)), [spec([3])]))
 */
export const checkGrad = <X, Rest extends readonly unknown[]>(
  f: (x: X, ...rest: Rest) => Tensor,
  specs: Specs<readonly [X, ...Rest]>,
  options?: LawOptions
): LawReport => law('grad = central differences', casesOf(specs), (drawn) => gradientAt(f, drawn), options)

/** Every way to a second derivative at one point, against differences of the gradient and against each other. */
export const secondDerivativesAt = <X, Rest extends readonly unknown[]>(
  f: (x: X, ...rest: Rest) => Tensor,
  { args, source }: Case
): Outcome => {
  const [x, ...rest] = args
  const [v, w] = [0, 1].map((index) => directionLike(x, child(source, index)))
  const product = (p: X, t: X, ...others: Rest) => hvp(f)(p, t, ...others)
  const backward = (p: X, t: X, ...others: Rest) => grad((point: X) => inner(grad(f)(point, ...others), t))(p)
  const form = (p: X, s: X, t: X, ...others: Rest) => inner(s, hvp(f)(p, t, ...others))
  const gradient = (p: X, ...others: Rest) => grad(f)(p, ...others)
  const forward = judge(bind(product, [x, v, ...rest]))
  return worstOf([
    compare(forward, slopeOf(bind(gradient, args), hostLeaves('laws', v)), DIFFERENCES),
    compare(judge(bind(backward, [x, v, ...rest])), forward),
    compare(judge(bind(form, [x, v, w, ...rest])), judge(bind(form, [x, w, v, ...rest])))
  ])
}

/**
 * Second derivatives of a scalar function: `hvp` against differences of `grad`, reverse over reverse against forward over
 * reverse, and the symmetry ⟨v, Hw⟩ = ⟨w, Hv⟩.
 */
export const secondDerivatives = <X, Rest extends readonly unknown[]>(
  f: (x: X, ...rest: Rest) => Tensor,
  specs: Specs<readonly [X, ...Rest]>,
  options?: LawOptions
): LawReport => law('second derivatives', casesOf(specs), (drawn) => secondDerivativesAt(f, drawn), options)

/** A point with a random direction v and cotangent u, the arguments of a law about a linearisation. */
const around = <X, Rest extends readonly unknown[], Out>(
  f: (x: X, ...rest: Rest) => Out,
  { args, source }: Case
) => {
  const [x, ...rest] = args
  const { out } = traceOrThrow(f, specsOf<[X, ...Rest]>('laws', args))
  const v = directionLike(x, child(source, 0))
  const u = cotangentLike(out, child(source, 1))
  const at = (others: Rest) => (point: X) => f(point, ...others)
  return { given: [x, v, u, ...rest], at }
}

/** ⟨u, Jv⟩ against ⟨Jᵀu, v⟩ at one point. */
export const adjointAt = <X, Rest extends readonly unknown[], Out>(
  f: (x: X, ...rest: Rest) => Out,
  drawn: Case
): Outcome => {
  const { given, at } = around(f, drawn)
  const forward = (p: X, t: X, c: Out, ...others: Rest) => inner(c, jvp(at(others))(p, t)[1])
  const backward = (p: X, t: X, c: Out, ...others: Rest) => inner(vjp(at(others))(p)[1](c), t)
  return compare(judge(bind(backward, given)), judge(bind(forward, given)))
}

/**
 * Reverse mode is the transpose of forward mode: ⟨u, Jv⟩ = ⟨Jᵀu, v⟩ at random points x, for random v and u, over trees
 * in and out. The derivative is taken with respect to the first argument. Throws when it is not so.
 *
 * @example
 * import assert from 'node:assert'
 * import { ops, spec, type Tensor } from 'tangentflow'
 * import { adjoint } from 'tangentflow/laws'
 *
 * const layer = ({ w, b }: { w: Tensor; b: Tensor }, x: Tensor) => ops.tanh(ops.add(b)(ops.matmul(w)(x)))
 * const report = adjoint(layer, [{ w: spec([3, 2]), b: spec([2]) }, spec([4, 3])], { runs: 20 })
 * assert.equal(report.runs, 20)
 */
export const adjoint = <X, Rest extends readonly unknown[], Out>(
  f: (x: X, ...rest: Rest) => Out,
  specs: Specs<readonly [X, ...Rest]>,
  options?: LawOptions
): LawReport => law('⟨u, Jv⟩ = ⟨Jᵀu, v⟩', casesOf(specs), (drawn) => adjointAt(f, drawn), options)

/** The transpose of the transpose of a linearisation against the linearisation, at one point. */
export const doubleTransposeAt = <X, Rest extends readonly unknown[], Out>(
  f: (x: X, ...rest: Rest) => Out,
  drawn: Case
): Outcome => {
  const { given, at } = around(f, drawn)
  const push = (p: X, t: X, _: Out, ...others: Rest) => jvp(at(others))(p, t)[1]
  // Jᵀ is linear, so its transpose does not depend on the point u at which it is taken
  const twice = (p: X, t: X, c: Out, ...others: Rest) => vjp((ct: Out) => vjp(at(others))(p)[1](ct))(c)[1](t)
  return compare(judge(bind(twice, given)), judge(bind(push, given)))
}

/** Transposing twice gives the linear map back: (Jᵀ)ᵀ v = Jv. */
export const doubleTranspose = <X, Rest extends readonly unknown[], Out>(
  f: (x: X, ...rest: Rest) => Out,
  specs: Specs<readonly [X, ...Rest]>,
  options?: LawOptions
): LawReport => law('(Jᵀ)ᵀ = J', casesOf(specs), (drawn) => doubleTransposeAt(f, drawn), options)

/** The two Jacobians at one point. */
export const jacobiansAgreeAt = <X, Rest extends readonly unknown[], Out>(
  f: (x: X, ...rest: Rest) => Out,
  { args }: Case
): Outcome => {
  const forward = (x: X, ...rest: Rest) => jacfwd(f)(x, ...rest)
  const backward = (x: X, ...rest: Rest) => jacrev(f)(x, ...rest)
  return compare(judge(bind(backward, args)), judge(bind(forward, args)))
}

/** Forward and reverse mode give the same Jacobian in the same layout, `[...out, ...in]`. */
export const jacobiansAgree = <X, Rest extends readonly unknown[], Out>(
  f: (x: X, ...rest: Rest) => Out,
  specs: Specs<readonly [X, ...Rest]>,
  options?: LawOptions
): LawReport => law('jacfwd = jacrev', casesOf(specs), (drawn) => jacobiansAgreeAt(f, drawn), options)
