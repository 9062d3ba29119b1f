import { fail } from '../core/error.js'
import { isNdArray, type NdArray, of } from '../core/ndarray.js'
import { sameShape, showShape } from '../core/shape.js'
import { leaves, rebuild } from '../core/tree.js'
import * as ops from '../graph/ops/index.js'
import type { Concrete } from '../graph/spec.js'
import * as tree from '../graph/tree.js'
import type { Params, Weights } from '../nn/layer.js'

/** m∘θ: every weight times its mask; what the mask does not cover (biases) stays as it is. */
export const apply =
  (mask: Weights) =>
  <P>(params: P): P =>
    tree.zipPart(mask, (p, m) => ops.mul(m)(p))(params)

/** The same on concrete trees, for what starts from a masked network. */
export const applyConcrete =
  (mask: Concrete<Weights>) =>
  (params: Concrete<Params>): Concrete<Params> => {
    const matches = new Map(leaves('mask.apply', isNdArray, mask).map(({ path, value }) => [path, value]))
    const products = leaves('mask.apply', isNdArray, params).map(({ path, value }) => {
      const match = matches.get(path)
      matches.delete(path)
      return match === undefined ? value : product(path, value, match)
    })
    const [stray] = matches.keys()
    return stray === undefined
      ? rebuild<NdArray, Concrete<Params>>('mask.apply', isNdArray, params, products)
      : fail('TreeError', 'mask.apply', 'a part of the parameters', 'a leaf beside them', stray)
  }

const product = (path: string, value: NdArray, mask: NdArray): NdArray =>
  sameShape(value.shape, mask.shape)
    ? of(
        value.shape,
        value.data.map((p, i) => p * mask.data[i]!)
      )
    : fail('TreeError', 'mask.apply', `shape ${showShape(value.shape)}`, showShape(mask.shape), path)
