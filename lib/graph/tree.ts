import { fail } from '../core/error.js'
import { sameShape, showShape } from '../core/shape.js'
import { leaves, rebuild } from '../core/tree.js'
import { isTensor, type Tensor } from './tensor.js'

export { fromNamed, named } from '../core/named.js'

/** The tensors of a tree, in order, for an operation that names itself in errors. */
export const tensorsOf = (operation: string, tree: unknown): readonly Tensor[] =>
  leaves(operation, isTensor, tree).map((leaf) => leaf.value)

/** The tensors of a tree, in order. */
export const tensors = (tree: unknown): readonly Tensor[] => tensorsOf('tree.tensors', tree)

/**
 * Every tensor of a tree replaced by its image: `tree.map(ops.neg)(params)`.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops, type Tensor, tree } from 'tangentflow'
 *
 * const halve = (p: { w: Tensor }) => tree.map(ops.scale(0.5))(p)
 * assert.equal(ndarray.toNumber(evaluateOn(halve)({ w: ndarray.scalar(3) }).w), 1.5)
 */
export const map =
  (f: (x: Tensor) => Tensor) =>
  <T>(tree: T): T =>
    rebuild<Tensor, T>('tree.map', isTensor, tree, tensors(tree).map(f))

/**
 * Two trees of one form, leaf by leaf: `pipe(params, tree.zipWith(gradient, (p, g) => …))`. Another form is a TreeError.
 */
export const zipWith =
  <T>(other: T, f: (a: Tensor, b: Tensor) => Tensor) =>
  (tree: T): T => {
    const right = leaves('tree.zipWith', isTensor, other)
    const left = leaves('tree.zipWith', isTensor, tree)
    const paired = left.map(({ path, value }, i) => {
      const match = right[i]
      return match?.path === path && right.length === left.length
        ? f(value, match.value)
        : fail('TreeError', 'tree.zipWith', 'trees of one form', match?.path ?? 'a missing leaf', path)
    })
    return rebuild<Tensor, T>('tree.zipWith', isTensor, tree, paired)
  }

/** A leaf, and the leaf at the same path of a second tree that may lack it. */
export interface Paired {
  readonly value: Tensor
  readonly match: Tensor | undefined
}

/**
 * The leaves of a tree, each with its match in a part of such a tree (a mask that covers the weights only, say). A leaf
 * of the part with no counterpart, or of another shape, is a TreeError naming its path.
 */
export const pairs = (operation: string, tree: unknown, part: unknown): readonly Paired[] => {
  const matches = new Map(leaves(operation, isTensor, part).map(({ path, value }) => [path, value]))
  const paired = leaves(operation, isTensor, tree).map(({ path, value }) => {
    const match = matches.get(path)
    matches.delete(path)
    return match === undefined || sameShape(match.shape, value.shape)
      ? { value, match }
      : fail('TreeError', operation, `shape ${showShape(value.shape)}`, showShape(match.shape), path)
  })
  const [stray] = matches.keys()
  return stray === undefined
    ? paired
    : fail('TreeError', operation, 'a part of the tree', 'a leaf beside it', stray)
}

/** As {@link zipWith} at the leaves of a part of the tree; other leaves stay as they are. */
export const zipPart =
  (part: unknown, f: (a: Tensor, b: Tensor) => Tensor) =>
  <T>(tree: T): T =>
    rebuild<Tensor, T>(
      'tree.zipPart',
      isTensor,
      tree,
      pairs('tree.zipPart', tree, part).map(({ value, match }) =>
        match === undefined ? value : f(value, match)
      )
    )
