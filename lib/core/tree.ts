import { fail } from './error.js'
import { type Shape, sameShape, showShape } from './shape.js'

/** Parameters, batches and results: leaves in arrays and plain records, nested as one likes. */
export type Tree<A> = A | readonly Tree<A>[] | { readonly [field: string]: Tree<A> }

/** A leaf and the way to it, as `layers[0].w`. */
export interface Leaf<A> {
  readonly path: string
  readonly value: A
}

const isRecord = (value: unknown): value is { readonly [field: string]: unknown } => {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const join = (path: string, field: string | number): string =>
  typeof field === 'number' ? `${path}[${field}]` : path === '' ? field : `${path}.${field}`

/**
 * Rebuilds a tree of unknown static shape, leaf by leaf. Records are walked in the order of their sorted field
 * names, so two records with equal fields always pair up. A value that is neither a leaf, an array nor a plain record
 * is a TreeError naming its path.
 */
const walk = <A>(
  operation: string,
  isLeaf: (value: unknown) => value is A,
  visit: (leaf: Leaf<A>) => unknown,
  value: unknown,
  path: string
): unknown => {
  if (isLeaf(value)) return visit({ path, value })
  if (Array.isArray(value))
    return value.map((child, i) => walk(operation, isLeaf, visit, child, join(path, i)))
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((field) => [field, walk(operation, isLeaf, visit, value[field], join(path, field))])
    )
  }
  return fail(
    'TreeError',
    operation,
    'arrays and plain records of leaves',
    typeof value,
    path === '' ? 'root' : path
  )
}

/** The leaves in order. */
export const leaves = <A>(
  operation: string,
  isLeaf: (value: unknown) => value is A,
  tree: unknown
): readonly Leaf<A>[] => {
  const found: Leaf<A>[] = []
  walk(operation, isLeaf, (leaf) => found.push(leaf), tree, '')
  return found
}

/**
 * The same tree with other leaves, one for each in order. The result's type is the caller's to state: a tree's static
 * type is a mapped type over its leaves, which no implementation can follow leaf by leaf.
 */
export const rebuild = <A, Out>(
  operation: string,
  isLeaf: (value: unknown) => value is A,
  tree: unknown,
  values: readonly unknown[]
): Out => {
  let next = 0
  return walk(operation, isLeaf, () => values[next++], tree, '') as Out
}

/** A leaf, and the leaf at the same path of a second tree that may lack it. */
export interface Paired<A> extends Leaf<A> {
  readonly match: A | undefined
}

/**
 * The leaves of a tree, each with its match in a part of such a tree (a mask that covers the weights only, say). A leaf
 * of the part with no counterpart, or of another shape, is a TreeError naming its path.
 */
export const pairs = <A extends { readonly shape: Shape }>(
  operation: string,
  isLeaf: (value: unknown) => value is A,
  tree: unknown,
  part: unknown
): readonly Paired<A>[] => {
  const matches = new Map(leaves(operation, isLeaf, part).map(({ path, value }) => [path, value]))
  const paired = leaves(operation, isLeaf, tree).map(({ path, value }) => {
    const match = matches.get(path)
    matches.delete(path)
    return match === undefined || sameShape(match.shape, value.shape)
      ? { path, value, match }
      : fail('TreeError', operation, `shape ${showShape(value.shape)}`, showShape(match.shape), path)
  })
  const [stray] = matches.keys()
  return stray === undefined
    ? paired
    : fail('TreeError', operation, 'a part of the tree', 'a leaf beside it', stray)
}
