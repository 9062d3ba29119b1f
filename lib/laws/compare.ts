import type { NdArray } from '../core/ndarray.js'
import { sameShape, showShape } from '../core/shape.js'
import type { Graph } from '../graph/graph.js'
import { hostLeaves, type HostValue, type Specs, specsOf } from '../graph/spec.js'
import { traceOrThrow } from '../graph/trace.js'
import { type Case, casesOf } from './arbitraries.js'
import { law, type LawOptions, type LawReport, measured, type Outcome, redraw, worstOf } from './law.js'
import { decidesOtherwise, noisy, observe } from './observe.js'

/** A traced function and the values of its arguments. */
export interface Bound {
  readonly graph: Graph
  readonly values: readonly HostValue[]
}

/** Traces a function on the shapes of concrete arguments; an error is thrown. */
export const bind = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  args: unknown
): Bound => ({
  graph: traceOrThrow(f, specsOf<Args>('laws', args)).graph,
  values: hostLeaves('laws', args)
})

/** The largest magnitude; NaN if any element is NaN. */
export const largest = (data: ArrayLike<number>): number => {
  let most = 0
  // false for a NaN, which is then the result
  for (let i = 0; i < data.length; i++) if (!(Math.abs(data[i]!) <= most)) most = Math.abs(data[i]!)
  return most
}

/** The largest difference between the elements of two arrays. */
export const distance = (a: NdArray, b: NdArray): number => {
  if (!sameShape(a.shape, b.shape))
    throw new Error(`shapes differ: ${showShape(a.shape)} and ${showShape(b.shape)}`)
  return largest(Float64Array.from(a.data, (x, i) => x - b.data[i]!))
}

/** Results, and a bound on the rounding error of each. */
export interface Judged {
  readonly outputs: readonly NdArray[]
  readonly slack: readonly number[]
}

const UNIT = 2 ** -52

/** Evaluates in float64 and estimates the rounding error; undefined where a decision depends on rounding. */
export const judge = ({ graph, values }: Bound): Judged | undefined => {
  const clean = observe(graph, values)
  const noise = observe(graph, values, noisy(UNIT, 1))
  if (decidesOtherwise(clean.kinks, noise.kinks)) return undefined
  const slack = clean.outputs.map(
    (output, k) => 200 * distance(output, noise.outputs[k]!) + 1e-12 * largest(output.data)
  )
  return { outputs: clean.outputs, slack }
}

/**
 * Compares two results tensor by tensor; the worst tensor is the outcome. `relative` is an error, as a part of the largest
 * element, that is allowed beside rounding.
 */
export const compare = (actual: Judged | undefined, expected: Judged | undefined, relative = 0): Outcome => {
  if (actual === undefined || expected === undefined) return redraw('a decision depends on rounding')
  if (actual.outputs.length !== expected.outputs.length) throw new Error('a different number of results')
  return worstOf(
    expected.outputs.map((output, k) => {
      const scale = largest(output.data)
      // what only one of them has is no overflow of both
      if (!Number.isFinite(scale) && !Number.isFinite(largest(actual.outputs[k]!.data)))
        return redraw('not finite')
      const bound = actual.slack[k]! + expected.slack[k]! + relative * scale
      return measured(`result ${k}`, distance(actual.outputs[k]!, output), bound, scale)
    })
  )
}

/** Two functions at one point. */
export const functionsAgreeAt = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  g: (...args: Args) => Out,
  { args }: Case
): Outcome => compare(judge(bind(f, args)), judge(bind(g, args)))

/**
 * Two traced functions have equal results, to the rounding of float64, for random arguments of the given description:
 * two ways to compute one thing, or the two sides of an identity. Throws when they do not.
 *
 * @example
 * import assert from 'node:assert'
 * import { ops, spec, type Tensor } from 'tangentflow'
 * import { functionsAgree } from 'tangentflow/laws'
 *
 * const straight = (a: Tensor, b: Tensor) => ops.transpose([1, 0])(ops.matmul(b)(a))
 * const turned = (a: Tensor, b: Tensor) => ops.matmul(ops.transpose([1, 0])(a))(ops.transpose([1, 0])(b))
 * assert.equal(functionsAgree('(AB)ᵀ = BᵀAᵀ', straight, turned, [spec([2, 3]), spec([3, 4])], { runs: 20 }).runs, 20)
 */
export const functionsAgree = <Args extends readonly unknown[], Out>(
  name: string,
  f: (...args: Args) => Out,
  g: (...args: Args) => Out,
  specs: Specs<Args>,
  options?: LawOptions
): LawReport => law(name, casesOf(specs), (drawn) => functionsAgreeAt(f, g, drawn), options)
