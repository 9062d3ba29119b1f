import { type NdArray, type Nested, scalar, toNested, toNumber } from '../../lib/core/ndarray.js'
import { grad } from '../../lib/diff/index.js'
import { evaluateOn } from '../../lib/graph/evaluate.js'
import type { Tensor } from '../../lib/graph/tensor.js'

/** The derivative of a function of one number at a point. */
export const slopeAt = (f: (x: Tensor) => Tensor, x: number): number =>
  toNumber(evaluateOn(grad(f))(scalar(x)))

/** What a function gives for an array, as nested rows. */
export const rows = (f: (x: Tensor) => Tensor, x: NdArray): Nested => toNested(evaluateOn(f)(x))
