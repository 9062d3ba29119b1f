import { fail } from '../core/error.js'
import { derive, type HostKey, isHostKey, normals, rademachers, uniforms } from '../core/key.js'
import { of } from '../core/ndarray.js'
import { type Shape, sizeOf } from '../core/shape.js'
import { constant } from './constant.js'
import type { Key } from './key.js'
import type { Distribution, OpOf } from './op.js'
import { apply, isOp, type Tensor } from './tensor.js'

const samplers: { readonly [D in Distribution]: (key: HostKey, count: number) => Float32Array } = {
  uniform: uniforms,
  normal: normals,
  rademacher: rademachers
}

/** The elements of a `random` node, given its root key and, if it has them, its row ids. */
export const sample = (op: OpOf<'random'>, root: HostKey, ids?: ArrayLike<number>): Float32Array => {
  const draw = samplers[op.distribution]
  const own = op.path.reduce(derive, root)
  const count = sizeOf(op.shape)
  if (ids === undefined) return draw(own, count)
  const out = new Float32Array(count)
  const width = count / ids.length
  for (let i = 0; i < ids.length; i++) {
    const index = ids[i]!
    // a fraction would be cut off, and two samples would get the same noise
    if (!(Number.isInteger(index) && index >= 0 && index < 2 ** 32))
      fail(
        'ArgumentError',
        `random.${op.distribution}`,
        'ids that are whole numbers in [0, 2^32)',
        `${index}`
      )
    out.set(draw(derive(own, { kind: 'fold', index }), width), i * width)
  }
  return out
}

const random =
  (distribution: Distribution) =>
  (shape: Shape, ids?: Tensor) =>
  (key: Key): Tensor => {
    if (isHostKey(key)) {
      const op: OpOf<'random'> = { tag: 'random', distribution, path: [], shape }
      const rows = ids === undefined ? undefined : hostIds(ids)
      return constant(of(shape, sample(op, key, rows)))
    }
    if (ids !== undefined && !isOp(ids, 'input') && !isOp(ids, 'constant')) {
      fail('ArgumentError', `random.${distribution}`, 'ids that are an argument or a constant', ids.op.tag)
    }
    const inputs = ids === undefined ? [key.source] : [key.source, ids]
    return apply({ tag: 'random', distribution, path: key.path, shape }, inputs)
  }

const hostIds = (ids: Tensor): ArrayLike<number> =>
  isOp(ids, 'constant')
    ? ids.op.value.data
    : fail('ArgumentError', 'random', 'constant ids with a host key', ids.op.tag)

/**
 * Uniforms in [0, 1), multiples of 2⁻²⁴: `uniform(shape)(key)`. With `ids`, one for each row, row i depends on the
 * key and ids[i] only, so a sample keeps its noise wherever it stands in a batch.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, key, type Key, ndarray, random } from 'tangentflow'
 *
 * const noise = evaluateOn((k: Key) => random.uniform([4])(k))(key(1))
 * assert.ok(Array.from(noise.data).every((u) => u >= 0 && u < 1))
 */
export const uniform = random('uniform')

/** Standard normals, made in float64 on the host and rounded once. */
export const normal = random('normal')

/** Signs, +1 or −1 with equal probability. */
export const rademacher = random('rademacher')
