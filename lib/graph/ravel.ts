import { fail, showValue } from '../core/error.js'
import { plain } from '../core/plain.js'
import { elementsOf, isNdArray, type NdArray, of } from '../core/ndarray.js'
import { sameShape, showShape, sizeOf } from '../core/shape.js'
import { leaves, rebuild } from '../core/tree.js'
import { concat, reshape, sliceAxis } from './ops/reshape.js'
import type { Concrete } from './spec.js'
import { isTensor, type Tensor } from './tensor.js'

/** The traced counterpart of a type: arrays become tensors, records stay records. A traced type is its own. */
export type Symbolic<T> = T extends Tensor | NdArray
  ? Tensor
  : T extends object
    ? { readonly [K in keyof T]: Symbolic<T[K]> }
    : T

/** A tree as one vector, and the way back. */
export interface Ravelled<T> {
  /** The elements of all leaves, one leaf after another: an array of a tree of arrays, a tensor of a tree of tensors. */
  readonly vector: T extends Concrete<T> ? NdArray : Tensor
  /** The tree of the same form with the elements of a vector, which is a tensor or an array. */
  readonly unravel: {
    (vector: Tensor): Symbolic<T>
    (vector: NdArray): Concrete<T>
  }
}

type Leaf = Tensor | NdArray

const isLeaf = (value: unknown): value is Leaf => isTensor(value) || isNdArray(value)

const operation = 'tree.ravel'

const concatenated = (arrays: readonly NdArray[], size: number): NdArray => {
  const Elements = arrays.some((one) => elementsOf(one) === Float64Array) ? Float64Array : Float32Array
  const data = new Elements(size)
  let from = 0
  for (const array of arrays) {
    data.set(array.data, from)
    from += array.data.length
  }
  return of([size], data)
}

function ravelled<T>(tree: T): Ravelled<T>
function ravelled(tree: unknown): unknown {
  const found = leaves(operation, isLeaf, tree)
  if (found.length === 0) fail('TreeError', operation, 'a tree with a leaf', 'none')
  const values = found.map(({ value }) => value)
  const tensors = values.filter(isTensor)
  if (tensors.length > 0 && tensors.length < values.length)
    fail(
      'TreeError',
      operation,
      'tensors or arrays',
      'both',
      found.find(({ value }) => isNdArray(value))?.path
    )
  const sizes = values.map(({ shape }) => sizeOf(shape))
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0))
  const size = sizes.reduce((a, b) => a + b, 0)

  const part = (vector: Leaf, i: number): Leaf => {
    const [from, to] = [starts[i]!, starts[i]! + sizes[i]!]
    const { shape } = values[i]!
    return isTensor(vector)
      ? reshape(shape)(sliceAxis(0, from, to)(vector))
      : of(shape, vector.data.slice(from, to))
  }
  const unravel = (vector: Leaf): never => {
    const received = isLeaf(vector) ? showShape(vector.shape) : showValue(vector)
    if (!isLeaf(vector) || !sameShape(vector.shape, [size]))
      fail('ShapeError', operation, `a vector of shape ${showShape([size])}`, received, 'unravel')
    return rebuild(
      operation,
      isLeaf,
      tree,
      values.map((_, i) => part(vector, i))
    )
  }
  const vector =
    tensors.length > 0 ? concat(0)(tensors.map(reshape([-1]))) : concatenated(values.filter(isNdArray), size)
  return { vector, unravel }
}

/**
 * The leaves of a tree as one vector, in the order of {@link tensors}, and a function from such a vector back to the tree
 * (`jax.flatten_util.ravel_pytree`). A tree of arrays gives an array, one of tensors a tensor; the way back takes either, so that a
 * function of parameters becomes one of a vector: its Hessian is a matrix. A tree without leaves or with leaves of both kinds is
 * a TreeError, a vector of another length a ShapeError.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, hessian, ndarray, ops, type Tensor, tree } from 'tangentflow'
 *
 * const params = { w: ndarray.fromNested([[1, 2]]), b: ndarray.scalar(3) }
 * const { vector, unravel } = tree.ravel(params)
 * assert.deepEqual(ndarray.toNested(vector), [3, 1, 2])
 * assert.deepEqual(unravel(vector), params)
 * // b · Σ w²
 * const loss = (p: { w: Tensor; b: Tensor }) => ops.mul(p.b)(ops.sum()(ops.square(p.w)))
 * const matrix = evaluateOn(hessian((v: Tensor) => loss(unravel(v))))(vector)
 * assert.deepEqual(ndarray.toNested(matrix), [[0, 2, 4], [2, 6, 0], [4, 0, 6]])
 */
export const ravel = plain(operation, ravelled)
