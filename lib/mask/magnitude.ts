import { type NdArray, of } from '../core/ndarray.js'
import type { Concrete } from '../graph/spec.js'
import { type Params, type Weights, weightsOf } from '../nn/layer.js'

/** |w| of concrete parameters: what pruning after training keeps the largest of. */
export const magnitudes = (params: Concrete<Params>): Concrete<Weights> =>
  weightsOf<NdArray>(params).map(({ w }) =>
    w === undefined ? {} : { w: of(w.shape, Float32Array.from(w.data, Math.abs)) }
  )
