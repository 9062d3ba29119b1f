import { plain } from '../core/plain.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { atPath, tangentError, type TangentError } from '../core/error.js'
import { decode } from '../format/codec.js'
import { parseJson } from '../format/parse-json.js'

/** The numbers that JSON has no words for, by those that records have: what a run that diverged measures. */
const unbounded: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity }

/** A number, as {@link encodeJson} writes it. */
export const real = new t.Type<number, number, unknown>(
  'number',
  t.number.is,
  (value, context) =>
    t.number.validate(typeof value === 'string' ? (unbounded[value] ?? value) : value, context),
  t.identity
)

/** A number as records have it: seven significant digits are what float32 has. */
export const rounded = (value: number): number => Number(value.toPrecision(7))

/** A part of what becomes JSON, with words for the numbers that it has none for. */
export const withWords = (_: string, part: unknown): unknown =>
  typeof part === 'number' && !Number.isFinite(part) ? String(part) : part

/** A record or a run as JSON that people read, but for rows of numbers, which have one line each. NaN and ±∞ are words. */
export const encodeJson = plain('experiment.encodeJson', (value: object): Uint8Array => {
  // texts are matched as well, so that what looks like a row in one stays as it is
  const text = JSON.stringify(value, withWords, 1).replaceAll(
    /"(?:[^"\\]|\\.)*"|\[[-+.\de,\s]+\]/g,
    (part) => (part.startsWith('[') ? part.replaceAll(/\s+/g, '') : part)
  )
  return new TextEncoder().encode(`${text}\n`)
})

/** Decodes a JSON file; `where` names it in errors, before the path in it. */
export const decodeJson =
  <A>(operation: string, type: t.Decoder<unknown, A>, where: string) =>
  (bytes: Uint8Array): E.Either<TangentError, A> =>
    pipe(
      parseJson('JSON', bytes),
      E.mapLeft(({ expected, received, where: at }) =>
        tangentError('ConfigError', operation, expected, received, at)
      ),
      E.flatMap(decode(operation, type)),
      E.mapLeft(atPath(where))
    )
