import { plain } from '../core/plain.js'
import { hasTag, requireWhole } from '../core/check.js'
import { fail } from '../core/error.js'
import {
  derive,
  type Fill,
  fillNormals,
  fillRademachers,
  fillUniforms,
  type HostKey,
  isHostKey,
  type KeyStep,
  requireKey,
  roomFor
} from '../core/key.js'
import { of } from '../core/ndarray.js'
import { type Shape, sizeOf } from '../core/shape.js'
import type { Distribution, OpOf } from './op.js'
import { apply, isOp, ownConstant, type Tensor } from './tensor.js'

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
  <K extends Key>(parent: K): K => {
    requireKey(kind, parent)
    return (
      isHostKey(parent)
        ? derive(parent, { kind, index })
        : { ...parent, path: [...(parent as TracedKey).path, { kind, index }] }
    ) as K
  }

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

const fills: { readonly [D in Distribution]: Fill } = {
  uniform: fillUniforms,
  normal: fillNormals,
  rademacher: fillRademachers
}

/** One row an id, each from the key with the id folded in, into an array at a place. */
const drawRows = (
  op: OpOf<'random'>,
  own: HostKey,
  ids: ArrayLike<number>,
  out: Float32Array,
  at: number,
  count: number
): void => {
  const width = count / ids.length
  // rows are many and short: their words are made in the same room
  const [room, pair] = [roomFor(width), roomFor(2)]
  for (let i = 0; i < ids.length; i++) {
    // a fraction would be cut off, and two samples would get the same noise
    const index = ids[i]!
    if (!(Number.isInteger(index) && index >= 0 && index < 2 ** 32)) {
      const expected = 'ids that are whole numbers in [0, 2^32)'
      return fail('ArgumentError', `random.${op.distribution}`, expected, `${index}`)
    }
    fills[op.distribution](derive(own, { kind: 'fold', index }, pair), room, out, at + i * width, width)
  }
}

/** The elements of a `random` node, given its root key and, if it has them, the ids of its rows. */
export const sample = (op: OpOf<'random'>, root: HostKey, ids?: ArrayLike<number>): Float32Array => {
  const keys = op.path.reduce<readonly HostKey[]>(
    (parents, step) =>
      step.kind === 'each'
        ? parents.flatMap((parent) =>
            Array.from({ length: step.size }, (_, index) => derive(parent, { kind: step.by, index }))
          )
        : parents.map((parent) => derive(parent, step)),
    [root]
  )
  const count = sizeOf(op.shape) / keys.length
  const out = new Float32Array(sizeOf(op.shape))
  const room = roomFor(ids === undefined ? count : 0)
  keys.forEach((own, i) => {
    if (ids === undefined) fills[op.distribution](own, room, out, i * count, count)
    else drawRows(op, own, ids, out, i * count, count)
  })
  return out
}

const hostIds = (ids: Tensor): ArrayLike<number> =>
  isOp(ids, 'constant')
    ? ids.op.value.data
    : fail('ArgumentError', 'random', 'constant ids with a host key', ids.op.tag)

const drawing =
  (distribution: Distribution) =>
  (shape: Shape, ids?: Tensor) =>
  (key: Key): Tensor => {
    requireKey(`random.${distribution}`, key)
    if (isHostKey(key)) {
      const op: OpOf<'random'> = { tag: 'random', distribution, path: [], shape }
      return ownConstant(of(shape, sample(op, key, ids === undefined ? undefined : hostIds(ids))))
    }
    if (ids !== undefined && !isOp(ids, 'input') && !isOp(ids, 'constant')) {
      fail('ArgumentError', `random.${distribution}`, 'ids that are an argument or a constant', ids.op.tag)
    }
    const inputs = ids === undefined ? [key.source] : [key.source, ids]
    return apply({ tag: 'random', distribution, path: key.path, shape }, inputs)
  }

/** Random tensors from a key, drawn on the host, so that every engine has the same. */
export const random = {
  /**
   * Uniforms in [0, 1), multiples of 2⁻²⁴: `uniform(shape)(key)`. With `ids`, one for each row, row i depends on the key and
   * ids[i] only, so a sample has the same noise wherever it is in a batch.
   *
   * @example
   * import assert from 'node:assert'
   * import { evaluateOn, key, type Key, ndarray, random } from 'tangentflow'
   *
   * const noise = evaluateOn((k: Key) => random.uniform([4])(k))(key(1))
   * assert.ok(Array.from(noise.data).every((u) => u >= 0 && u < 1))
   */
  uniform: plain('random.uniform', drawing('uniform')),
  /** Standard normals, made in float64 on the host and rounded once. */
  normal: plain('random.normal', drawing('normal')),
  /** Signs, +1 or −1 with equal probability. */
  rademacher: plain('random.rademacher', drawing('rademacher'))
}
