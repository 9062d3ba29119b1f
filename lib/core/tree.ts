import { plain } from './plain.js'
import { fail } from './error.js'
import { isHostKey } from './key.js'
import { isNdArray, type NdArray } from './ndarray.js'
import { type Shape, sameShape, showShape } from './shape.js'
import { describeStray } from './stray.js'

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

/** Refuses what is neither a leaf nor a branch, at its path. */
const refuseStray = (operation: string, value: unknown, path: string, parent?: unknown): never =>
  fail(
    'TreeError',
    operation,
    'arrays and plain records of leaves',
    describeStray(value, parent),
    path === '' ? 'root' : path
  )

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
  path: string,
  parent?: unknown
): unknown => {
  if (isLeaf(value)) return visit({ path, value })
  if (Array.isArray(value))
    return value.map((child, i) => walk(operation, isLeaf, visit, child, join(path, i)))
  if (isRecord(value) && !isNdArray(value) && !isHostKey(value)) {
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((field) => [field, walk(operation, isLeaf, visit, value[field], join(path, field), value)])
    )
  }
  return refuseStray(operation, value, path, parent)
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

/** The children of a tree in order; a leaf is its own only child. */
export const children = <A>(isLeaf: (value: unknown) => value is A, tree: unknown): readonly unknown[] => {
  if (isLeaf(tree) || !isRecord(tree)) return Array.isArray(tree) ? tree : [tree]
  return Object.keys(tree)
    .sort()
    .map((field) => tree[field])
}

/**
 * The part of a tree whose leaves are taken: records lack the others, and in an array an empty record has their place, so that
 * every leaf stays at its path.
 */
export const partOf = <A, Out>(
  operation: string,
  isLeaf: (value: unknown) => value is A,
  tree: unknown,
  isTaken: (value: A) => boolean
): Out => {
  const part = (value: unknown): unknown => {
    if (isLeaf(value)) return isTaken(value) ? value : {}
    if (Array.isArray(value)) return value.map(part)
    if (!isRecord(value)) return refuseStray(operation, value, '')
    const taken = Object.entries(value).filter(([, child]) => !isLeaf(child) || isTaken(child))
    return Object.fromEntries(taken.map(([field, child]) => [field, part(child)]))
  }
  return part(tree) as Out
}

/** A leaf, and the leaf at the same path of a second tree that may lack it. */
export interface Paired<A> extends Leaf<A> {
  readonly match: A | undefined
}

/** Refuses a part that has no array where the tree has one, or one of another length: its leaves would be taken for others, or none. */
const requireForm = (
  operation: string,
  isLeaf: (value: unknown) => boolean,
  tree: unknown,
  part: unknown,
  path: string
): void => {
  if (isLeaf(tree) || isLeaf(part)) return
  // an empty list is the part without leaves, as where there is no mask
  if (Array.isArray(part) && part.length === 0) return
  if (Array.isArray(tree)) {
    const entries: readonly unknown[] | undefined = Array.isArray(part) ? part : undefined
    const received = entries === undefined ? describeStray(part) : `${entries.length}`
    if (entries?.length !== tree.length)
      fail(
        'TreeError',
        operation,
        `${tree.length} entries, as the tree has`,
        received,
        path === '' ? 'root' : path
      )
    tree.forEach((child, i) => requireForm(operation, isLeaf, child, entries?.[i], join(path, i)))
  } else if (isRecord(tree) && isRecord(part))
    for (const [field, child] of Object.entries(tree))
      if (Object.hasOwn(part, field)) requireForm(operation, isLeaf, child, part[field], join(path, field))
}

/**
 * The leaves of a tree, each with its match in a part of such a tree (a mask that covers the weights only, say). A leaf
 * of the part with no counterpart, or of another shape, and an array of another length are a TreeError naming its path.
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
  if (stray !== undefined)
    return fail('TreeError', operation, 'a part of the tree', 'a leaf beside it', stray)
  requireForm(operation, isLeaf, tree, part, '')
  return paired
}

/** `[0].w` and `layers[0].w` as files name them: `0.w`, `layers.0.w`. */
const nameOf = (path: string): string => path.replaceAll(/\[(\d+)\]/g, '.$1').replace(/^\./, '')

/** The names of the leaves at these paths; two leaves that would have one name are a TreeError. */
export const leafNames = (operation: string, paths: readonly string[]): readonly string[] => {
  const names = new Set<string>()
  for (const name of paths.map(nameOf))
    if (names.has(name)) fail('TreeError', operation, 'another name for every leaf', 'two leaves', name)
    else names.add(name)
  return [...names]
}

const namesOf = (operation: string, tree: unknown): readonly (readonly [string, NdArray])[] => {
  const found = leaves(operation, isNdArray, tree)
  const names = leafNames(
    operation,
    found.map(({ path }) => path)
  )
  return found.map(({ value }, i) => [names[i]!, value])
}

/**
 * The arrays of a tree by name, as files of tensors keep them: `params[0].w` is `0.w`. Two leaves that would have one name
 * are a TreeError.
 *
 * @example
 * import assert from 'node:assert'
 * import { ndarray, tree } from 'tangentflow'
 *
 * const params = [{ w: ndarray.scalar(1), b: ndarray.scalar(2) }, {}]
 * assert.deepEqual(Object.keys(tree.named(params)), ['0.b', '0.w'])
 * assert.deepEqual(tree.fromNamed(params)(tree.named(params)), params)
 */
export const named = plain('tree.named', (tree: unknown): Readonly<Record<string, NdArray>> =>
  Object.fromEntries(namesOf('tree.named', tree))
)

/**
 * The tree that looks like `like` and has the named arrays for leaves. A name that is missing or that the tree does not
 * have, and another shape, are a TreeError.
 */
export const fromNamed = plain(
  'tree.fromNamed',
  <T>(like: T) =>
    (arrays: Readonly<Record<string, NdArray>>): T => {
      const operation = 'tree.fromNamed'
      const places = namesOf(operation, like)
      const known = new Set(places.map(([name]) => name))
      const stray = Object.keys(arrays).find((name) => !known.has(name))
      if (stray !== undefined) fail('TreeError', operation, 'names of the tree', 'another one', stray)
      const values = places.map(([name, { shape }]) => {
        const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined
        if (array === undefined)
          return fail('TreeError', operation, `an array ${showShape(shape)}`, 'none', name)
        return sameShape(array.shape, shape)
          ? array
          : fail('TreeError', operation, `shape ${showShape(shape)}`, showShape(array.shape), name)
      })
      return rebuild<NdArray, T>(operation, isNdArray, like, values)
    }
)
