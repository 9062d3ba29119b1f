import { hasTag } from '../core/check.js'
import { fail } from '../core/error.js'
import { checkShape, type Shape } from '../core/shape.js'
import { isHostKey, type HostKey } from '../core/key.js'
import { isNdArray, type NdArray } from '../core/ndarray.js'
import { leaves, rebuild } from '../core/tree.js'
import type { Key } from './key.js'
import type { Tensor } from './tensor.js'

/** What is known of an argument before anything runs: its shape. */
export interface TensorSpec {
  readonly _tag: 'TensorSpec'
  readonly shape: Shape
}

/** The argument is a random key. */
export interface KeySpec {
  readonly _tag: 'KeySpec'
}

/** A tensor argument of the given shape. */
export const spec = (shape: Shape): TensorSpec => ({ _tag: 'TensorSpec', shape: checkShape('spec', shape) })

/** A random key argument. */
export const keySpec: KeySpec = { _tag: 'KeySpec' }

/** The concrete counterpart of a traced type: tensors become arrays, keys host keys, records stay records. A concrete type is its own. */
export type Concrete<T> = T extends Tensor | NdArray
  ? NdArray
  : T extends Key | HostKey
    ? HostKey
    : T extends object
      ? { readonly [K in keyof T]: Concrete<T[K]> }
      : T

/** The description of an argument of a traced type; an array or a key describes itself. */
export type Specs<T> = T extends Tensor | NdArray
  ? TensorSpec | NdArray
  : T extends Key | HostKey
    ? KeySpec | HostKey
    : T extends object
      ? { readonly [K in keyof T]: Specs<T[K]> }
      : T

export type SpecLeaf = TensorSpec | NdArray | KeySpec | HostKey

export const isSpecLeaf = (value: unknown): value is SpecLeaf =>
  isHostValue(value) || hasTag(value, 'TensorSpec') || hasTag(value, 'KeySpec')

export const isKeyLeaf = (leaf: SpecLeaf): leaf is KeySpec | HostKey =>
  leaf._tag === 'KeySpec' || leaf._tag === 'Key'

/** An argument of a running program. */
export type HostValue = NdArray | HostKey

export const isHostValue = (value: unknown): value is HostValue => isNdArray(value) || isHostKey(value)

/** The concrete leaves of an argument tree, in order; at other places than those given, if any are, a TreeError. */
export const hostLeaves = (
  operation: string,
  tree: unknown,
  places?: readonly string[]
): readonly HostValue[] => {
  const found = leaves(operation, isHostValue, tree)
  // another number of leaves is refused with both numbers where they are bound
  const stray = found.length === places?.length ? found.findIndex(({ path }, i) => path !== places[i]) : -1
  return stray < 0
    ? found.map((leaf) => leaf.value)
    : fail('TreeError', operation, `an argument at ${places![stray]!}`, `one at ${found[stray]!.path}`)
}

/** Concrete arguments as the description of themselves. */
export const specsOf = <Args>(operation: string, args: unknown): Specs<Args> =>
  rebuild<unknown, Specs<Args>>(operation, isHostValue, args, hostLeaves(operation, args))
