import { type NdArray, of } from '../core/ndarray.js'
import { grad, hvp } from '../diff/index.js'
import { hostLeaves, type HostValue, type Specs } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { type Case, casesOf, child, directionLike, inner } from './arbitraries.js'
import {
  bind,
  type Bound,
  compare,
  distance,
  judge,
  type Judged,
  largest,
  measured,
  worstOf
} from './compare.js'
import { decidesOtherwise } from './kinks.js'
import { law, type LawOptions, type LawReport, type Outcome, redraw } from './law.js'
import { observe } from './observe.js'

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

/** A derivative along a direction, by differences, and an estimate of its error. */
interface Slope {
  readonly outputs: readonly NdArray[]
  readonly doubt: readonly number[]
}

/**
 * Central differences at two steps, extrapolated (Richardson), of a graph whose first inputs move along a direction;
 * undefined where a decision changes between the points.
 */
const slopeOf = ({ graph, values }: Bound, direction: readonly HostValue[]): Slope | undefined => {
  const at = (by: number) => observe(graph, moved(values, direction, by))
  const [far, near] = [STEP, STEP / 2].map((h) => [at(h), at(-h)] as const) as [
    readonly [ReturnType<typeof at>, ReturnType<typeof at>],
    readonly [ReturnType<typeof at>, ReturnType<typeof at>]
  ]
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
    return { output, doubt: distance(wide, narrow) / 3 + (10 * here.slack[k]!) / STEP }
  })
  return { outputs: parts.map(({ output }) => output), doubt: parts.map(({ doubt }) => doubt) }
}

/** Compares a derivative with differences. */
const compareSlope = (actual: Judged | undefined, slope: Slope | undefined): Outcome => {
  if (actual === undefined || slope === undefined) return redraw('crosses a kink')
  return worstOf(
    slope.outputs.map((expected, k) => {
      const scale = largest(expected.data)
      if (!Number.isFinite(scale)) return redraw('not finite')
      const bound = slope.doubt[k]! + actual.slack[k]! + 1e-8 * scale
      return measured(`result ${k}`, distance(actual.outputs[k]!, expected), bound, scale)
    })
  )
}

/** The gradient of a scalar function along a random direction, against differences. */
export const gradientAt = <X, Rest extends readonly unknown[]>(
  f: (x: X, ...rest: Rest) => Tensor,
  { args, source }: Case
): Outcome => {
  const [x, ...rest] = args
  const v = directionLike(x, child(source, 0))
  const slope = (p: X, t: X, ...others: Rest) => inner(grad(f)(p, ...others), t)
  return compareSlope(judge(bind(slope, [x, v, ...rest])), slopeOf(bind(f, args), hostLeaves('laws', v)))
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
    compareSlope(forward, slopeOf(bind(gradient, args), hostLeaves('laws', v))),
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
