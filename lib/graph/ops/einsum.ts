import { fail } from '../../core/error.js'
import {
  type Axes,
  checkShape,
  normaliseAxes,
  normaliseAxis,
  sameShape,
  showShape
} from '../../core/shape.js'
import { contract, indicesOf, pattern, sumOver } from '../contract.js'
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
  return (...tensors) => {
    if (tensors.length !== operands.length) {
      fail('ArgumentError', 'ops.einsum', `${operands.length} operands for ${equation}`, `${tensors.length}`)
    }
    const letters = new Map<string, number>()
    const sizes: number[] = []
    const indices = operands.map((names, k) => {
      const { shape } = tensors[k]!
      if (names.length !== shape.length) {
        fail(
          'ShapeError',
          'ops.einsum',
          `${names.length} axes for '${names}'`,
          showShape(shape),
          `operand ${k}`
        )
      }
      return [...names].map((name, axis) => {
        const size = shape[axis]!
        const known = letters.get(name)
        if (known === undefined) {
          letters.set(name, sizes.length)
          return sizes.push(size) - 1
        }
        return sizes[known] === size
          ? known
          : fail(
              'IndexError',
              'ops.einsum',
              `index ${name} of size ${sizes[known]}`,
              `${size}`,
              `operand ${k}`
            )
      })
    })
    const result = [...output].map(
      (name) =>
        letters.get(name) ?? fail('IndexError', 'ops.einsum', `output index ${name} in an operand`, equation)
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
    const refuse = (): never =>
      fail(
        'ShapeError',
        'ops.matmul',
        'inner sizes to agree',
        `${showShape(a.shape)} and ${showShape(b.shape)}`
      )
    if (a.shape.length === 0 || b.shape.length === 0) return refuse()
    const inner = a.shape[a.shape.length - 1]!
    const bRow = Math.max(b.shape.length - 2, 0)
    if (b.shape[bRow] !== inner) return refuse()
    const aLead = a.shape.slice(0, -2)
    const bLead = b.shape.slice(0, -2)
    const rank = Math.max(aLead.length, bLead.length)
    // indices: leading 0 … rank−1, then row, inner, column, then one spare for each leading axis of size 1
    const [row, mid, column] = [rank, rank + 1, rank + 2]
    const sizes: number[] = new Array<number>(rank).fill(1)
    for (const lead of [aLead, bLead]) {
      lead.forEach((n, i) => {
        const at = rank - lead.length + i
        if (n !== 1 && sizes[at] !== 1 && sizes[at] !== n) refuse()
        if (n !== 1) sizes[at] = n
      })
    }
    sizes.push(
      a.shape.length > 1 ? a.shape[a.shape.length - 2]! : 1,
      inner,
      b.shape.length > 1 ? b.shape[bRow + 1]! : 1
    )
    const spread = (lead: readonly number[]): number[] =>
      lead.map((n, i) => {
        const at = rank - lead.length + i
        return n === sizes[at] ? at : sizes.push(1) - 1
      })
    const aIndices = [...spread(aLead), ...(a.shape.length > 1 ? [row, mid] : [mid])]
    const bIndices = [...spread(bLead), ...(b.shape.length > 1 ? [mid, column] : [mid])]
    const output = Array.from({ length: rank }, (_, i) => i)
    if (a.shape.length > 1) output.push(row)
    if (b.shape.length > 1) output.push(column)
    return contract([a, b], [aIndices, bIndices], output, sizes)
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
