import { fail, refuseWith } from '../../core/error.js'
import {
  broadcastShapes,
  checkShape,
  normaliseAxis,
  sameShape,
  type Shape,
  showShape
} from '../../core/shape.js'
import { alignedIndices, contract, indicesOf, pattern } from '../contract.js'
import type { Tensor } from '../tensor.js'

/** The letters of one side of a term before and after its ellipsis, if it has one. */
interface Term {
  readonly before: string
  readonly after: string
  readonly ellipsis: boolean
}

interface Equation {
  readonly operands: readonly Term[]
  readonly output: Term
}

const termOf = (text: string): Term => {
  const [before, after] = text.split('...')
  return { before: before!, after: after ?? '', ellipsis: after !== undefined }
}

/** The output of an equation that names none: the ellipsis, then in alphabetical order the letters that occur once. */
const implied = (operands: readonly Term[]): Term => {
  const letters = operands.flatMap(({ before, after }) => [...before, ...after])
  const once = letters.filter((name) => letters.indexOf(name) === letters.lastIndexOf(name)).sort()
  return { before: '', after: once.join(''), ellipsis: operands.some(({ ellipsis }) => ellipsis) }
}

const parse = (equation: string): Equation => {
  const term = '[a-zA-Z]*(?:\\.\\.\\.[a-zA-Z]*)?'
  const form = new RegExp(`^(${term}(?:,${term})*)(?:->(${term}))?$`)
  const matched = form.exec(equation.replaceAll(' ', ''))
  if (matched === null)
    return fail('ArgumentError', 'ops.einsum', 'an equation such as ij,jk->ik or ...ij,...jk', equation)
  const operands = matched[1]!.split(',').map(termOf)
  const output = matched[2] === undefined ? implied(operands) : termOf(matched[2])
  return !output.ellipsis && operands.some(({ ellipsis }) => ellipsis)
    ? fail('ArgumentError', 'ops.einsum', 'an output with the ... of the operands', equation)
    : { operands, output }
}

/**
 * An einsum of any number of operands: `einsum('ij,jk->ik')(a, b)`. As in NumPy, `...` is any number of axes, which are
 * aligned at the last of them and broadcast, and an equation without `->` gives those axes and then, in alphabetical order,
 * the letters that occur once. Beyond NumPy, a letter repeated in the output makes a diagonal. A letter with two sizes is an
 * IndexError; so is an output letter that no operand has.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * const trace = (a: Tensor) => ops.einsum('ii->')(a)
 * assert.equal(ndarray.toNumber(evaluateOn(trace)(ndarray.fromNested([[1, 2], [3, 4]]))), 5)
 * const batched = (a: Tensor, b: Tensor) => ops.einsum('...ij,...jk')(a, b)
 * assert.deepEqual(evaluateOn(batched)(ndarray.zeros([5, 2, 3]), ndarray.zeros([3, 4])).shape, [5, 2, 4])
 */
export const einsum = (equation: string): ((...tensors: readonly Tensor[]) => Tensor) => {
  const { operands, output } = parse(equation)
  const refuse = refuseWith('IndexError', 'ops.einsum')
  return (...tensors) => {
    if (tensors.length !== operands.length) {
      fail('ArgumentError', 'ops.einsum', `${operands.length} operands for ${equation}`, `${tensors.length}`)
    }
    const hidden = operands.map(({ before, after, ellipsis }, k) => {
      const { shape } = tensors[k]!
      const named = before.length + after.length
      if (ellipsis ? shape.length < named : shape.length !== named)
        fail(
          'ShapeError',
          'ops.einsum',
          `${ellipsis ? 'at least ' : ''}${named} axes for '${before}${ellipsis ? '...' : ''}${after}'`,
          showShape(shape),
          `operand ${k}`
        )
      return shape.slice(before.length, shape.length - after.length)
    })
    // the indices of the ellipsis come first, then those of the letters
    const lead = hidden.reduce<Shape>((shape, own) => broadcastShapes('ops.einsum', shape, own), [])
    const letters = new Map<string, number>()
    const sizes = [...lead]
    const named = (k: number, names: string, shape: Shape): number[] =>
      [...names].map((name, axis) => {
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
    const indices = operands.map(({ before, after }, k) => {
      const { shape } = tensors[k]!
      const left = named(k, before, shape)
      const right = named(k, after, shape.slice(shape.length - after.length))
      // an axis of size 1 that is repeated has an index of its own
      const middle = alignedIndices(hidden[k]!, lead, sizes.length)
      sizes.push(...hidden[k]!.map(() => 1))
      return [...left, ...middle, ...right]
    })
    const indexOf = (name: string): number =>
      letters.get(name) ?? refuse(`output index ${name} in an operand`, equation)
    const result = [
      ...[...output.before].map(indexOf),
      ...(output.ellipsis ? indicesOf(lead) : []),
      ...[...output.after].map(indexOf)
    ]
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

/** The inner product of two tensors of equal shape, a scalar: `dot(b)(a)`. */
export const dot =
  (b: Tensor) =>
  (a: Tensor): Tensor =>
    sameShape(a.shape, b.shape)
      ? contract([a, b], [indicesOf(a.shape), indicesOf(a.shape)], [], a.shape)
      : fail('ShapeError', 'ops.dot', `shape ${showShape(a.shape)}`, showShape(b.shape))

/** The n × n identity matrix; it holds no data and vanishes in a contraction. */
export const eye = (n: number): Tensor => pattern([0, 0], checkShape('ops.eye', [n]))
