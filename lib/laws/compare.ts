import * as E from 'fp-ts/lib/Either.js'
import { TangentFailure } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { sameShape, showShape } from '../core/shape.js'
import type { Graph } from '../graph/graph.js'
import { type HostValue, hostLeaves, specsOf } from '../graph/spec.js'
import { trace } from '../graph/trace.js'
import { decidesOtherwise } from './kinks.js'
import { type Outcome, redraw } from './law.js'
import { noisy, observe } from './observe.js'

/** A traced function with the values it is to be evaluated on. */
export interface Bound {
  readonly graph: Graph
  readonly values: readonly HostValue[]
}

/** Traces a function on the shapes of concrete arguments; a refusal is thrown. */
export const bind = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  args: unknown
): Bound => {
  const traced = trace(f, specsOf<Args>('laws', args))
  if (E.isLeft(traced)) throw new TangentFailure(traced.left)
  return { graph: traced.right.graph, values: hostLeaves('laws', args) }
}

/** The tree of tensors that a function returns for concrete arguments. */
export const outOf = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  args: unknown
): Out => {
  const traced = trace(f, specsOf<Args>('laws', args))
  if (E.isLeft(traced)) throw new TangentFailure(traced.left)
  return traced.right.out
}

export const largest = (data: ArrayLike<number>): number => {
  let most = 0
  // written so that a NaN is kept
  for (let i = 0; i < data.length; i++) if (!(Math.abs(data[i]!) <= most)) most = Math.abs(data[i]!)
  return most
}

export const distance = (a: NdArray, b: NdArray): number => {
  if (!sameShape(a.shape, b.shape))
    throw new Error(`shapes differ: ${showShape(a.shape)} and ${showShape(b.shape)}`)
  return largest(Float64Array.from(a.data, (x, i) => x - b.data[i]!))
}

/** Results with, for each, how far rounding may have carried it. */
export interface Judged {
  readonly outputs: readonly NdArray[]
  readonly slack: readonly number[]
}

const UNIT = 2 ** -52

/** Evaluates in float64 and estimates the error of doing so; undefined where a decision hangs on rounding. */
export const judge = ({ graph, values }: Bound): Judged | undefined => {
  const clean = observe(graph, values)
  const noise = observe(graph, values, noisy(UNIT, 1))
  if (decidesOtherwise(clean.kinks, noise.kinks)) return undefined
  const slack = clean.outputs.map(
    (output, k) => 200 * distance(output, noise.outputs[k]!) + 1e-12 * largest(output.data)
  )
  return { outputs: clean.outputs, slack }
}

/** The largest bound, as a part of the numbers it bounds, with which a comparison still says something. */
const MEANINGFUL = 1e-3

const ratio = (outcome: Outcome): number =>
  outcome.kind === 'redraw' ? Infinity : outcome.error === 0 ? 0 : outcome.error / outcome.bound

/** The outcome that says most against a law; a case with anything to redraw is redrawn, unless the law is broken. */
export const worstOf = (outcomes: readonly Outcome[]): Outcome =>
  outcomes.find((outcome) => outcome.kind === 'measured' && !(outcome.error <= outcome.bound)) ??
  outcomes.reduce((a, b) => (ratio(b) > ratio(a) ? b : a))

/** One number against another, with a bound that must be small beside `scale`. */
export const measured = (what: string, error: number, bound: number, scale: number): Outcome =>
  bound > MEANINGFUL * scale && scale > 0
    ? redraw('lost to rounding')
    : { kind: 'measured', error, bound, what }

/** Compares two results tensor by tensor; the worst tensor is the outcome. */
export const compare = (actual: Judged | undefined, expected: Judged | undefined): Outcome => {
  if (actual === undefined || expected === undefined) return redraw('a decision hangs on rounding')
  if (actual.outputs.length !== expected.outputs.length) throw new Error('a different number of results')
  return worstOf(
    expected.outputs.map((output, k) => {
      const scale = largest(output.data)
      if (!Number.isFinite(scale)) return redraw('not finite')
      const bound = actual.slack[k]! + expected.slack[k]!
      return measured(`result ${k}`, distance(actual.outputs[k]!, output), bound, scale)
    })
  )
}
