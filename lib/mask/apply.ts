import { isNdArray, type NdArray, of } from '../core/ndarray.js'
import { pairs, rebuild } from '../core/tree.js'
import { ops } from '../graph/ops/index.js'
import type { Concrete } from '../graph/spec.js'
import * as tree from '../graph/tree.js'
import type { Params, Weights } from '../nn/layer.js'

const operation = 'mask.apply'

/**
 * m∘θ: every masked parameter times its mask; what the mask does not cover (biases, as a rule) stays as it is. A leaf of the
 * mask that the parameters lack, or of another shape, is a TreeError with its place.
 */
export const apply =
  (mask: Weights) =>
  <P>(params: P): P =>
    tree.zipPart(mask, (p, m) => ops.mul(m)(p), operation)(params)

/** The same on concrete trees, for what starts from a masked network. */
export const applyConcrete =
  (mask: Concrete<Weights>) =>
  (params: Concrete<Params>): Concrete<Params> =>
    rebuild<NdArray, Concrete<Params>>(
      operation,
      isNdArray,
      params,
      pairs(operation, isNdArray, params, mask).map(({ value, match }) =>
        match === undefined
          ? value
          : of(
              value.shape,
              value.data.map((p, i) => p * match.data[i]!)
            )
      )
    )
