import * as E from 'fp-ts/lib/Either.js'
import { fail, type TangentError, TangentFailure } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { attempt } from '../graph/trace.js'
import * as npy from './npy.js'
import { type Inflate, unzip, zip } from './zip.js'

const SUFFIX = '.npy'

const orThrow = <A>(either: E.Either<TangentError, A>, name: string): A => {
  if (E.isRight(either)) return either.right
  throw new TangentFailure({ ...either.left, where: name })
}

/**
 * Reads named arrays as `numpy.savez` writes them. Those of `numpy.savez_compressed` need `inflate`, which
 * `io.readArrays` has. A broken zip, a wrong checksum, a member that is no array and a name given twice are a
 * DataError naming the member.
 */
export const decode = (
  bytes: Uint8Array,
  inflate?: Inflate
): E.Either<TangentError, Readonly<Record<string, NdArray>>> =>
  attempt(() => {
    const arrays = new Map<string, NdArray>()
    for (const entry of unzip('format.npz.decode', bytes, inflate)) {
      const name = entry.name.endsWith(SUFFIX) ? entry.name.slice(0, -SUFFIX.length) : entry.name
      if (arrays.has(name)) fail('DataError', 'format.npz.decode', 'every name once', 'a name twice', name)
      arrays.set(name, orThrow(npy.decode(entry.bytes), name))
    }
    return Object.fromEntries(arrays)
  })

/**
 * Writes named arrays as `numpy.savez` does, uncompressed.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { format, ndarray } from 'tangentflow'
 *
 * const arrays = { w: ndarray.of([2], [1, 2]), b: ndarray.scalar(3) }
 * const bytes = format.npz.encode(arrays)
 * assert.ok(E.isRight(bytes))
 * assert.deepEqual(format.npz.decode(bytes.right), E.right(arrays))
 */
export const encode = (arrays: Readonly<Record<string, NdArray>>): E.Either<TangentError, Uint8Array> =>
  attempt(() =>
    zip(
      'format.npz.encode',
      Object.entries(arrays).map(([name, array]) => ({
        name: `${name}${SUFFIX}`,
        bytes: orThrow(npy.encode(array), name)
      }))
    )
  )
