import { fail } from './error.js'
import { isNdArray, type NdArray } from './ndarray.js'
import { sameShape, showShape } from './shape.js'
import { leaves, rebuild } from './tree.js'

/** `[0].w` and `layers[0].w` as files name them: `0.w`, `layers.0.w`. */
const nameOf = (path: string): string => path.replaceAll(/\[(\d+)\]/g, '.$1').replace(/^\./, '')

const namesOf = (operation: string, tree: unknown): readonly (readonly [string, NdArray])[] => {
  const named = leaves(operation, isNdArray, tree).map(({ path, value }) => [nameOf(path), value] as const)
  const names = new Set<string>()
  for (const [name] of named)
    if (names.has(name)) fail('TreeError', operation, 'another name for every leaf', 'two leaves', name)
    else names.add(name)
  return named
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
export const named = (tree: unknown): Readonly<Record<string, NdArray>> =>
  Object.fromEntries(namesOf('tree.named', tree))

/**
 * The tree that looks like `like` and has the named arrays for leaves. A name that is missing or that the tree does not
 * have, and another shape, are a TreeError.
 */
export const fromNamed =
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
