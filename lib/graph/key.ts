import { hasTag, requireWhole } from '../core/check.js'
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

const isTracedKey = (value: unknown): value is TracedKey => hasTag(value, 'TracedKey')

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
  step('fold', requireWhole('fold', undefined, index, 0, 2 ** 32 - 1))

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
    Array.from({ length: requireWhole('split', undefined, count, 1) }, (_, i) =>
      step('split', i)(parent)
    ) as unknown[] as Tuple<K, N>
