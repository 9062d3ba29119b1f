import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { tangentError, type TangentError } from '../core/error.js'

/** A value as a person would write it; JSON has no word for NaN, infinities, functions or undefined. */
const show = (value: unknown): string => {
  if (typeof value === 'number' || value === undefined) return String(value)
  if (typeof value === 'function') return 'a function'
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

const pathOf = (error: t.ValidationError): string =>
  error.context
    .map(({ key }) => key)
    .filter((key) => key !== '')
    .join('.')

const expectedOf = (error: t.ValidationError): string =>
  error.message ?? error.context.at(-1)?.type.name ?? 'another value'

/**
 * Decodes a value from outside (a JSON file, the command line) or says as a ConfigError what is wrong with it: the path
 * of the first wrong field, the name of its type, and what was received. Where several fields are wrong it counts the rest.
 *
 * @example
 * import assert from 'node:assert'
 * import * as t from 'io-ts'
 * import { formatError } from 'tangentflow'
 * import { codec, decode } from 'tangentflow/io'
 *
 * const decoded = decode('read', t.type({ seed: codec.whole(0) }))({ seed: Number.NaN })
 * assert.equal(
 *   decoded._tag === 'Left' && formatError(decoded.left),
 *   'ConfigError in read: expected a whole number of at least 0, received NaN (at seed)'
 * )
 */
export const decode =
  <A>(operation: string, codec: t.Decoder<unknown, A>) =>
  (value: unknown): E.Either<TangentError, A> => {
    const decoded = codec.decode(value)
    if (E.isRight(decoded)) return decoded
    const [first] = decoded.left
    const paths = new Set(decoded.left.map(pathOf))
    if (first === undefined)
      return E.left(tangentError('ConfigError', operation, 'a value that decodes', show(value)))
    const others = paths.size > 1 ? `, and ${paths.size - 1} more wrong` : ''
    const path = pathOf(first)
    return E.left(
      tangentError(
        'ConfigError',
        operation,
        expectedOf(first),
        `${show(first.value)}${others}`,
        path === '' ? undefined : path
      )
    )
  }
