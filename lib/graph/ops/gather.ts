import { normaliseAxis, sameShape, showShape } from '../../core/shape.js'
import { contract, indicesOf } from '../contract.js'
import type { Tensor } from '../tensor.js'
import { fail } from '../../core/error.js'
import { oneHot } from './reduce.js'

/**
 * One entry of the last axis for each row: [..., n] and indices [...] → [...]. A product with one-hot rows, so its
 * derivative is one too.
 */
export const gather =
  (indices: Tensor) =>
  (x: Tensor): Tensor => {
    const axis = normaliseAxis('ops.gather', x.shape.length, -1)
    const rows = indicesOf(x.shape).slice(0, -1)
    return sameShape(indices.shape, x.shape.slice(0, axis))
      ? contract(
          [oneHot(x.shape[axis]!)(indices), x],
          [indicesOf(x.shape), indicesOf(x.shape)],
          rows,
          x.shape
        )
      : fail(
          'ShapeError',
          'ops.gather',
          `indices of shape ${showShape(x.shape.slice(0, -1))}`,
          showShape(indices.shape)
        )
  }
