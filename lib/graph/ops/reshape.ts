import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { fail, showValue } from '../../core/error.js'
import {
  broadcastShapes,
  normaliseAxis,
  requireShape,
  sameShape,
  type Shape,
  showShape,
  sizeOf
} from '../../core/shape.js'
import { broadcastTo as broadcast, contract, indicesOf, ones, sumOver } from '../contract.js'
import { apply, isTensor, type Tensor, type TensorLike } from '../tensor.js'
import { where } from './pointwise.js'

/** The same elements in row-major order under another shape; one size may be −1, which is computed from the others. */
export const reshape =
  (shape: Shape) =>
  (x: Tensor): Tensor => {
    const free = shape.indexOf(-1)
    const known = sizeOf(shape.filter((n) => n !== -1))
    const full = free < 0 ? shape : shape.map((n, axis) => (axis === free ? sizeOf(x.shape) / known : n))
    return sameShape(full, x.shape) ? x : apply({ tag: 'reshape', shape: full }, [x])
  }

/** Repeats x up to a shape by NumPy's rule. */
export const broadcastTo =
  (shape: Shape) =>
  (x: Tensor): Tensor =>
    sameShape(broadcastShapes('ops.broadcastTo', x.shape, shape), shape)
      ? broadcast(x, shape)
      : fail(
          'ShapeError',
          'ops.broadcastTo',
          `a shape that broadcasts to ${showShape(shape)}`,
          showShape(x.shape)
        )

/** Inserts an axis of size 1 at the given place. */
export const expandDims =
  (axis: number) =>
  (x: Tensor): Tensor => {
    const at = normaliseAxis('ops.expandDims', x.shape.length + 1, axis)
    const output = indicesOf(x.shape)
    output.splice(at, 0, x.shape.length)
    return contract([x], [indicesOf(x.shape)], output, [...x.shape, 1])
  }

/** Removes an axis of size 1. */
export const squeeze =
  (axis: number) =>
  (x: Tensor): Tensor => {
    const at = normaliseAxis('ops.squeeze', x.shape.length, axis)
    return x.shape[at] === 1
      ? sumOver(x, [at])
      : fail('ShapeError', 'ops.squeeze', `size 1 at axis ${at}`, showShape(x.shape))
  }

/** Requires lists to have an entry for each axis. */
const requireEach = (operation: string, what: string, rank: number, ...lists: readonly Shape[]): void => {
  if (lists.some((list) => !Array.isArray(list) || list.length !== rank))
    fail('ShapeError', operation, `${what} for ${rank} axes, in lists`, lists.map(showValue).join(' and '))
}

/** The elements from `start` up to but not including `limit`, every `stride`-th, along every axis. */
export const slice =
  (start: readonly number[], limit: readonly number[], stride?: readonly number[]) =>
  (x: Tensor): Tensor => {
    requireEach('ops.slice', 'bounds', x.shape.length, start, limit)
    return apply({ tag: 'slice', start, limit, stride: stride ?? start.map(() => 1) }, [x])
  }

/** A slice along one axis only. */
export const sliceAxis =
  (axis: number, start: number, limit: number) =>
  (x: Tensor): Tensor => {
    const at = normaliseAxis('ops.sliceAxis', x.shape.length, axis)
    return slice(
      x.shape.map((_, a) => (a === at ? start : 0)),
      x.shape.map((n, a) => (a === at ? limit : n))
    )(x)
  }

/** The i-th entry along an axis, which is removed. */
export const at =
  (axis: number, index: number) =>
  (x: Tensor): Tensor => {
    const along = normaliseAxis('ops.at', x.shape.length, axis)
    const last = x.shape[along]! - 1
    if (!(Number.isInteger(index) && index >= 0 && index <= last))
      fail('ShapeError', 'ops.at', `an index in [0, ${last}]`, showValue(index), 'index')
    return squeeze(along)(sliceAxis(along, index, index + 1)(x))
  }

/** What `pad` lays between elements, and of what value. */
export interface PadOptions {
  /** So many elements between neighbours along every axis. @defaultValue none */
  readonly interior?: readonly number[]
  /** What is laid around and between, a number or a scalar tensor. @defaultValue 0 */
  readonly value?: TensorLike
}

const padKinds: OptionKinds<PadOptions> = { interior: option.list, value: option.any }

/**
 * Elements around x: `low` before and `high` after along every axis, zeros unless a `value` is given.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops } from 'tangentflow'
 *
 * const padded = evaluateOn(ops.pad([1], [2], { value: -1 }))(ndarray.fromNested([5, 6]))
 * assert.deepEqual(ndarray.toNested(padded), [-1, 5, 6, -1, -1])
 */
export const pad =
  (low: readonly number[], high: readonly number[], options: PadOptions = {}) =>
  (x: Tensor): Tensor => {
    const { interior = low.map(() => 0), value = 0 } = checkOptions('ops.pad', padKinds, options)
    requireEach('ops.pad', 'amounts', x.shape.length, low, high)
    const padded = (inner: Tensor): Tensor => apply({ tag: 'pad', low, high, interior }, [inner])
    if (value === 0) return padded(x)
    if (isTensor(value)) requireShape('ops.pad', 'value', value.shape, [], 'a scalar')
    const wide = padded(x)
    // along an axis that nothing is added to, all places are alike
    const grows = (axis: number): boolean => wide.shape[axis]! > x.shape[axis]!
    const inside = padded(ones(x.shape.map((n, axis) => (grows(axis) ? n : 1))))
    return where(inside)(wide, value)
  }

/** Tensors laid end to end along an axis. */
export const concat =
  (axis: number) =>
  (tensors: readonly Tensor[]): Tensor => {
    const first = tensors[0] ?? fail('ArgumentError', 'ops.concat', 'at least one tensor', 'none')
    const along = normaliseAxis('ops.concat', first.shape.length, axis)
    return tensors.length === 1 ? first : apply({ tag: 'concat', axis: along }, tensors)
  }

/** Tensors of equal shape along a new axis. */
export const stack =
  (axis: number) =>
  (tensors: readonly Tensor[]): Tensor =>
    concat(axis)(tensors.map(expandDims(axis)))

/** 0, 1, 2 … along one axis of a shape. */
export const iota = (shape: Shape, axis = 0): Tensor => apply({ tag: 'iota', shape, axis }, [])

/** Sliding windows of the last two axes: [..., H, W] → [..., kh, kw, oh, ow]. */
export const unfold =
  (kernel: readonly [number, number], stride: readonly [number, number] = [1, 1]) =>
  (x: Tensor): Tensor =>
    apply({ tag: 'unfold', kernel, stride }, [x])

/** The value with no derivative: what comes before it is a constant to every transformation. */
export const stopGradient = (x: Tensor): Tensor => apply({ tag: 'stopGradient' }, [x])

/**
 * The identity, as a wall for the optimiser: what is behind it is computed as it is written, and no contraction is merged
 * across it. It is differentiated and batched like any linear operation, and costs nothing to run.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { explain, ops, spec, type Tensor } from 'tangentflow'
 *
 * // (u vᵀ) w is cheap as u (vᵀ w), unless the outer product is wanted as it is written
 * const cost = (wall: (x: Tensor) => Tensor) => {
 *   const f = (u: Tensor, v: Tensor, w: Tensor) => ops.einsum('ij,j->i')(wall(ops.einsum('i,j->ij')(u, v)), w)
 *   const explained = explain(f, [spec([100]), spec([100]), spec([100])])
 *   assert.ok(E.isRight(explained))
 *   return explained.right.cost.flops
 * }
 * assert.ok(cost((x) => x) < 1e3 && cost(ops.barrier) > 1e4)
 */
export const barrier = (x: Tensor): Tensor => apply({ tag: 'barrier' }, [x])
