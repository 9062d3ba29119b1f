import { jacfwd, jacrev, jvp, vjp } from '../diff/index.js'
import { type Specs, specsOf } from '../graph/spec.js'
import { traceOrThrow } from '../graph/trace.js'
import { type Case, casesOf, child, cotangentLike, directionLike, inner } from './arbitraries.js'
import { bind, compare, judge } from './compare.js'
import { law, type LawOptions, type LawReport, type Outcome } from './law.js'

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
