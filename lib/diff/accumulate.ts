import { add } from '../graph/ops/arithmetic.js'
import type { Tangent } from './rule.js'

/** The sum of two tangents, either of which may be the symbolic zero. */
export const plus = (a: Tangent, b: Tangent): Tangent =>
  a === undefined ? b : b === undefined ? a : add(b)(a)
