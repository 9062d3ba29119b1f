import { fail } from '../core/error.js'
import { derive, type HostKey, isHostKey, type KeyStep } from '../core/key.js'
import type { Tensor } from './tensor.js'

/** A key among a traced function's arguments: the input it stands for, and the derivations made from it so far. */
export interface TracedKey {
  readonly _tag: 'TracedKey'
  readonly source: Tensor
  readonly path: readonly KeyStep[]
}

/** A random key: concrete on the host, symbolic while a function is traced. The same functions serve both. */
export type Key = HostKey | TracedKey

const isTracedKey = (value: unknown): value is TracedKey =>
  typeof value === 'object' && value !== null && '_tag' in value && value._tag === 'TracedKey'

/** Whether a value is a key, concrete or symbolic. */
export const isKey = (value: unknown): value is Key => isHostKey(value) || isTracedKey(value)

const step =
  (kind: KeyStep['kind'], index: number) =>
  <K extends Key>(parent: K): K =>
    (isHostKey(parent)
      ? derive(parent, { kind, index })
      : { ...parent, path: [...(parent as TracedKey).path, { kind, index }] }) as K

/**
 * The key with a number folded in: `fold(epoch)(key)`.
 *
 * @example
 * import assert from 'node:assert'
 * import { fold, key, split } from 'tangentflow'
 *
 * assert.notDeepEqual(fold(1)(key(0)), fold(2)(key(0)))
 * const [a, b] = split(2)(key(0))
 * assert.notDeepEqual(a, b)
 */
export const fold = (index: number): (<K extends Key>(parent: K) => K) =>
  Number.isInteger(index) && index >= 0 && index < 2 ** 32
    ? step('fold', index)
    : fail('ArgumentError', 'fold', 'a whole number in [0, 2^32)', String(index))

/** N values of one type. */
type Tuple<A, N extends number, Built extends readonly A[] = readonly []> = number extends N
  ? readonly A[]
  : Built['length'] extends N
    ? Built
    : Tuple<A, N, readonly [...Built, A]>

/** Independent child keys: `const [a, b] = split(2)(key)`. */
export const split =
  <N extends number>(count: N) =>
  <K extends Key>(parent: K): Tuple<K, N> =>
    Number.isInteger(count) && count >= 1
      ? (Array.from({ length: count }, (_, i) => step('split', i)(parent)) as unknown[] as Tuple<K, N>)
      : fail('ArgumentError', 'split', 'a whole number of at least 1', String(count))
