import type { Specs } from '../graph/spec.js'
import { type Case, casesOf } from './cases.js'
import { bind, compare, judge } from './compare.js'
import { law, type LawOptions, type LawReport, type Outcome } from './law.js'

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
