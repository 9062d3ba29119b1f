import { fail } from '../../core/error.js'
import { type Axes, normaliseAxes, normaliseAxis, sameShape, showShape } from '../../core/shape.js'
import { contract, indicesOf } from '../contract.js'
import { apply, type Tensor } from '../tensor.js'
import { sum } from './einsum.js'
import { pointwise } from './pointwise.js'
import { expandDims, iota, stopGradient } from './reshape.js'

const { add, div, equal, exp, log, sub } = pointwise

/** The largest element over the axes (all by default), which are removed; the derivative is split over ties. */
export const reduceMax =
  (axes?: Axes) =>
  (x: Tensor): Tensor => {
    const named = normaliseAxes('ops.reduceMax', x.shape.length, axes)
    return named.length === 0 ? x : apply({ tag: 'reduceMax', axes: named.sort((a, b) => a - b) }, [x])
  }

/** The largest element over one axis, kept as an axis of size 1, outside of any derivative: a shift for stability. */
const shiftOf = (axis: number, x: Tensor): Tensor => stopGradient(expandDims(axis)(reduceMax(axis)(x)))

/**
 * log Σ exp(x) over one axis, which is removed; shifted by the maximum, so it never overflows.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops } from 'tangentflow'
 *
 * const out = evaluateOn(ops.logSumExp(-1))(ndarray.fromNested([1000, 1000]))
 * assert.ok(Math.abs(ndarray.toNumber(out) - (1000 + Math.log(2))) < 1e-9)
 */
export const logSumExp =
  (axis = -1) =>
  (x: Tensor): Tensor => {
    const along = normaliseAxis('ops.logSumExp', x.shape.length, axis)
    const shift = shiftOf(along, x)
    return add(sum(along)(shift))(log(sum(along)(exp(sub(shift)(x)))))
  }

/** exp(x) / Σ exp(x) over one axis. */
export const softmax =
  (axis = -1) =>
  (x: Tensor): Tensor => {
    const along = normaliseAxis('ops.softmax', x.shape.length, axis)
    const weights = exp(sub(shiftOf(along, x))(x))
    return div(expandDims(along)(sum(along)(weights)))(weights)
  }

/** x − log Σ exp(x) over one axis. */
export const logSoftmax =
  (axis = -1) =>
  (x: Tensor): Tensor => {
    const along = normaliseAxis('ops.logSoftmax', x.shape.length, axis)
    const shifted = sub(shiftOf(along, x))(x)
    return sub(expandDims(along)(log(sum(along)(exp(shifted)))))(shifted)
  }

/** Whole numbers as rows of 0 and one 1: [...] → [..., classes]. A number outside [0, classes) gives a row of 0. */
export const oneHot =
  (classes: number) =>
  (labels: Tensor): Tensor => {
    const shape = [...labels.shape, classes]
    return equal(iota(shape, shape.length - 1))(expandDims(-1)(labels))
  }

/**
 * One entry of the last axis for each row: [..., n] and indices [...] → [...]. A product with one-hot rows, so its
 * derivative is one too.
 */
export const gather =
  (indices: Tensor) =>
  (x: Tensor): Tensor => {
    const axis = normaliseAxis('ops.gather', x.shape.length, -1)
    const [rows, all] = [x.shape.slice(0, -1), indicesOf(x.shape)]
    return sameShape(indices.shape, rows)
      ? contract([oneHot(x.shape[axis]!)(indices), x], [all, all], all.slice(0, -1), x.shape)
      : fail('ShapeError', 'ops.gather', `indices of shape ${showShape(rows)}`, showShape(indices.shape))
  }

/** Along the last axis, 1 at the k largest elements and 0 elsewhere: exactly k, ties to the smaller index. */
export const topKMask =
  (k: number) =>
  (scores: Tensor): Tensor =>
    apply({ tag: 'topKMask', k }, [scores])
