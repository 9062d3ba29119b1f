import { isNdArray, type NdArray, of } from '../core/ndarray.js'
import { pairs, rebuild } from '../core/tree.js'
import { ops } from '../graph/ops/index.js'
import * as tree from '../graph/tree.js'

const operation = 'mask.apply'

/**
 * m∘θ: every masked parameter times its mask; what the mask does not cover (biases, as a rule) stays as it is. A leaf of the
 * mask that the parameters lack, or of another shape, is a TreeError with its place.
 */
export const apply =
  (mask: unknown) =>
  <P>(params: P): P =>
    tree.zipPart(mask, (p, m) => ops.mul(m)(p), operation)(params)

/** As {@link apply} for concrete trees: where a training of a masked network starts. */
export const applyConcrete =
  (mask: unknown) =>
  <C>(params: C): C =>
    rebuild<NdArray, C>(
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
