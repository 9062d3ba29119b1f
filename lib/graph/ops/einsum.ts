import { fail, refuseWith } from '../../core/error.js'
import {
  type Axes,
  broadcastShapes,
  checkShape,
  normaliseAxes,
  normaliseAxis,
  sameShape,
  showShape
} from '../../core/shape.js'
import { alignedIndices, contract, indicesOf, pattern, sumOver } from '../contract.js'
import { scale } from './pointwise.js'
import type { Tensor } from '../tensor.js'

const parse = (equation: string): { operands: string[]; output: string } => {
  const matched = /^([a-zA-Z,]*)->([a-zA-Z]*)$/.exec(equation.replaceAll(' ', ''))
  return matched === null
    ? fail('ArgumentError', 'ops.einsum', 'an equation such as ij,jk->ik', equation)
    : { operands: matched[1]!.split(','), output: matched[2]! }
}

/**
 * An einsum of any number of operands: `einsum('ij,jk->ik')(a, b)`. Beyond NumPy, a letter repeated in the output makes
 * a diagonal. A letter with two sizes is an IndexError; so is an output letter that no operand has.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * const trace = (a: Tensor) => ops.einsum('ii->')(a)
 * assert.equal(ndarray.toNumber(evaluateOn(trace)(ndarray.fromNested([[1, 2], [3, 4]]))), 5)
 */
export const einsum = (equation: string): ((...tensors: readonly Tensor[]) => Tensor) => {
  const { operands, output } = parse(equation)
  const refuse = refuseWith('IndexError', 'ops.einsum')
  return (...tensors) => {
    if (tensors.length !== operands.length) {
      fail('ArgumentError', 'ops.einsum', `${operands.length} operands for ${equation}`, `${tensors.length}`)
    }
    const letters = new Map<string, number>()
    const sizes: number[] = []
    const indices = operands.map((names, k) => {
      const { shape } = tensors[k]!
      if (names.length !== shape.length)
        fail(
          'ShapeError',
          'ops.einsum',
          `${names.length} axes for '${names}'`,
          showShape(shape),
          `operand ${k}`
        )
      return [...names].map((name, axis) => {
        const size = shape[axis]!
        const known = letters.get(name)
        if (known === undefined) {
          letters.set(name, sizes.length)
          return sizes.push(size) - 1
        }
        return sizes[known] === size
          ? known
          : refuse(`index ${name} of size ${sizes[known]}`, `${size}`, `operand ${k}`)
      })
    })
    const result = [...output].map(
      (name) => letters.get(name) ?? refuse(`output index ${name} in an operand`, equation)
    )
    return contract(tensors, indices, result, sizes)
  }
}

/**
 * The matrix product a·b over a's last and b's second-last axis, leading axes broadcast: `matmul(b)(a)`. A vector on
 * either side is a row or a column that is dropped again.
 */
export const matmul =
  (b: Tensor) =>
  (a: Tensor): Tensor => {
    const inner = a.shape.at(-1)
    if (inner === undefined || b.shape.length === 0 || b.shape[Math.max(b.shape.length - 2, 0)] !== inner)
      return fail(
        'ShapeError',
        'ops.matmul',
        'inner sizes to agree',
        `${showShape(a.shape)} and ${showShape(b.shape)}`
      )
    const [aLead, bLead] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
    const lead = broadcastShapes('ops.matmul', aLead, bLead)
    const rank = lead.length
    // indices: leading 0 … rank−1, then row, inner, column, then one of its own for each leading axis that is repeated
    const [row, mid, column, spare] = [rank, rank + 1, rank + 2, rank + 3]
    const rows = a.shape.length > 1 ? [row] : []
    const columns = b.shape.length > 1 ? [column] : []
    return contract(
      [a, b],
      [
        [...alignedIndices(aLead, lead, spare), ...rows, mid],
        [...alignedIndices(bLead, lead, spare + rank), mid, ...columns]
      ],
      [...indicesOf(lead), ...rows, ...columns],
      [...lead, a.shape.at(-2) ?? 1, inner, b.shape.at(-1)!, ...lead.map(() => 1), ...lead.map(() => 1)]
    )
  }

/** The axes in another order; all reversed when none is given. */
export const transpose =
  (order?: readonly number[]) =>
  (x: Tensor): Tensor => {
    const rank = x.shape.length
    const axes = (order ?? indicesOf(x.shape).reverse()).map((axis) =>
      normaliseAxis('ops.transpose', rank, axis)
    )
    return new Set(axes).size === rank && axes.length === rank
      ? contract([x], [indicesOf(x.shape)], axes, x.shape)
      : fail('AxisError', 'ops.transpose', `a permutation of ${rank} axes`, showShape(axes))
  }

/** The sum over the axes (all by default), which are removed. */
export const sum =
  (axes?: Axes) =>
  (x: Tensor): Tensor =>
    sumOver(x, normaliseAxes('ops.sum', x.shape.length, axes))

/** The mean over the axes (all by default), which are removed. */
export const mean =
  (axes?: Axes) =>
  (x: Tensor): Tensor => {
    const named = normaliseAxes('ops.mean', x.shape.length, axes)
    const count = named.reduce((product, axis) => product * x.shape[axis]!, 1)
    return scale(1 / count)(sumOver(x, named))
  }

/** The inner product of two tensors of equal shape, a scalar: `dot(b)(a)`. */
export const dot =
  (b: Tensor) =>
  (a: Tensor): Tensor =>
    sameShape(a.shape, b.shape)
      ? contract([a, b], [indicesOf(a.shape), indicesOf(a.shape)], [], a.shape)
      : fail('ShapeError', 'ops.dot', `shape ${showShape(a.shape)}`, showShape(b.shape))

/** The n × n identity matrix; it holds no data and vanishes in a contraction. */
export const eye = (n: number): Tensor => pattern([0, 0], checkShape('ops.eye', [n]))
