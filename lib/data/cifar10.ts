import type * as E from 'fp-ts/lib/Either.js'
import { entry } from '../core/entry.js'
import { refuseWith, type TangentError } from '../core/error.js'
import { of } from '../core/ndarray.js'
import { attempt } from '../graph/trace.js'
import type { Labelled } from './labelled.js'

const SIDE = 32
const PIXELS = 3 * SIDE * SIDE
const RECORD = 1 + PIXELS
const CLASSES = 10

const refuse = refuseWith('DataError', 'data.cifar10')

/**
 * Reads a CIFAR-10 batch in the binary format, of any number of images: a label byte, then 1,024 red, 1,024 green and 1,024
 * blue bytes, row by row. Gives x of shape [n, 3072] in [0, 1] (bytes divided by 255), planes first. Another length than a
 * multiple of 3,073, and a label above 9, are a DataError.
 */
export const cifar10 = entry(
  'data.cifar10',
  'Either',
  1,
  (bytes: Uint8Array): E.Either<TangentError, Labelled> =>
    attempt(() => {
      const count = bytes.length / RECORD
      if (!Number.isInteger(count) || count === 0)
        return refuse(`a multiple of ${RECORD} bytes, at least one`, `${bytes.length} bytes`)
      const x = new Float32Array(count * PIXELS)
      const y = new Float32Array(count)
      const shades = Float32Array.from({ length: 256 }, (_, byte) => byte / 255)
      for (let image = 0; image < count; image++) {
        const at = image * RECORD
        const label = bytes[at]!
        if (label >= CLASSES) refuse(`labels of 0 … ${CLASSES - 1}`, `${label}`, `record ${image}`)
        y[image] = label
        for (let pixel = 0; pixel < PIXELS; pixel++)
          x[image * PIXELS + pixel] = shades[bytes[at + 1 + pixel]!]!
      }
      return { x: of([count, PIXELS], x), y: of([count], y), classes: CLASSES }
    })
)
