import { plain } from '../core/plain.js'
import { fail } from '../core/error.js'
import { leaves, type Paired, pairs as pairsOf, rebuild } from '../core/tree.js'
import { isTensor, type Tensor } from './tensor.js'

export { fromNamed, named } from '../core/tree.js'
export { ravel, type Ravelled, type Symbolic } from './ravel.js'

/** The tensors of a tree, in order, for an operation that names itself in errors. */
export const tensorsOf = (operation: string, tree: unknown): readonly Tensor[] =>
  leaves(operation, isTensor, tree).map((leaf) => leaf.value)

/** The tensors of a tree, in order. */
export const tensors = plain('tree.tensors', (tree: unknown): readonly Tensor[] =>
  tensorsOf('tree.tensors', tree)
)

/** The same tree with other values for its tensors, one for each in order. */
export const replace = <T>(operation: string, tree: unknown, values: readonly unknown[]): T =>
  rebuild<Tensor, T>(operation, isTensor, tree, values)

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
export const map = plain(
  'tree.map',
  (f: (x: Tensor) => Tensor) =>
    <T>(tree: T): T =>
      replace('tree.map', tree, tensorsOf('tree.map', tree).map(f))
)

/**
 * Two trees of one form, leaf by leaf: `pipe(params, tree.zipWith(gradient, (p, g) => …))`. Another form is a TreeError.
 */
export const zipWith = plain(
  'tree.zipWith',
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
      return replace('tree.zipWith', tree, paired)
    }
)

/** As the pairs of any tree and a part of it, of tensors. */
export const pairs = (operation: string, tree: unknown, part: unknown): readonly Paired<Tensor>[] =>
  pairsOf(operation, isTensor, tree, part)

/**
 * As {@link zipWith} at the leaves of a part of the tree; other leaves stay as they are. The operation names itself in errors.
 */
export const zipPart =
  (part: unknown, f: (a: Tensor, b: Tensor) => Tensor, operation = 'tree.zipPart') =>
  <T>(tree: T): T =>
    replace(
      operation,
      tree,
      pairs(operation, tree, part).map(({ value, match }) => (match === undefined ? value : f(value, match)))
    )
