import { type Either, isLeft, left } from 'fp-ts/lib/Either.js'

/** All kinds of errors, by their tags. */
export const errorTags = [
  'ShapeError',
  'AxisError',
  'IndexError',
  'ArgumentError',
  'TreeError',
  'TraceError',
  'DiffError',
  'EngineError',
  'DataError',
  'IoError',
  'ConfigError',
  'StopError'
] as const

/** What kind of thing went wrong; every error of the library carries exactly one of these tags. */
export type ErrorTag = (typeof errorTags)[number]

/**
 * An error as a value: which operation refused, what it expected, what it received, and where.
 * All effects of the library fail with this one record, so a caller matches on `_tag` and never on a message.
 */
export interface TangentError {
  /** The kind of error. */
  readonly _tag: ErrorTag
  /** The operation that refused, in the words of the API: `ops.matmul`, `grad`, `openEngine`. */
  readonly operation: string
  /** What the operation needs. */
  readonly expected: string
  /** What it received. */
  readonly received: string
  /** A path in an argument tree, a file name, a kernel: where to look. */
  readonly where?: string
  /** The exception that ended the call, with its stack, where it is none of the library's own. */
  readonly cause?: Error
}

/**
 * Builds a {@link TangentError}.
 *
 * @example
 * import assert from 'node:assert'
 * import { formatError, tangentError } from 'tangentflow'
 *
 * const error = tangentError('ShapeError', 'ops.matmul', 'inner sizes to agree', '[2,3] and [4,5]')
 * assert.equal(formatError(error), 'ShapeError in ops.matmul: expected inner sizes to agree, received [2,3] and [4,5]')
 */
export const tangentError = (
  tag: ErrorTag,
  operation: string,
  expected: string,
  received: string,
  where?: string
): TangentError => {
  const error = { _tag: tag, operation, expected, received: received === '' ? 'an empty text' : received }
  return where === undefined ? error : { ...error, where }
}

/** An error with the path of the file that it is about before the place inside that file. */
export const atPath =
  (path: string) =>
  (error: TangentError): TangentError => ({
    ...error,
    where: error.where === undefined ? path : `${path}: ${error.where}`
  })

/** An error as one line of text for a person. */
export const formatError = (error: TangentError): string =>
  // without types nothing may stand for an error
  [null, undefined].some((nothing) => Object.is(error, nothing))
    ? fail('ArgumentError', 'formatError', 'an error of the library', showValue(error))
    : `${error._tag} in ${error.operation}: expected ${error.expected}, received ${error.received}` +
      (error.where === undefined ? '' : ` (at ${error.where})`)

/**
 * The one exception of the library, thrown by `ops` while a function is traced and caught in `trace`;
 * it never crosses a public boundary that returns an Either or a TaskEither.
 */
export class TangentFailure extends Error {
  /** The name of the exception. */
  override readonly name = 'TangentFailure'
  /** The error as a value. */
  readonly error: TangentError
  constructor(error: TangentError) {
    super(formatError(error), error.cause === undefined ? undefined : { cause: error.cause })
    this.error = error
  }
}

/** The value of a Right; the error of a Left is thrown, for code that is itself traced or attempted. */
export const getOrThrow = <A>(either: Either<TangentError, A>): A => {
  if (isLeft(either)) throw new TangentFailure(either.left)
  return either.right
}

/** Raises a {@link TangentError} inside a traced function. */
export const fail = (
  tag: ErrorTag,
  operation: string,
  expected: string,
  received: string,
  where?: string
): never => {
  throw new TangentFailure(tangentError(tag, operation, expected, received, where))
}

/** The message of whatever was thrown, for the `received` of an error. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)

/**
 * As {@link fail}, for an operation that raises one kind of error in many places, such as the decoder of a file:
 * `const refuse = refuseWith('DataError', 'idx.decode')`.
 */
export const refuseWith =
  (tag: ErrorTag, operation: string) =>
  (expected: string, received: string, where?: string): never =>
    fail(tag, operation, expected, received, where)

/** As {@link refuseWith}, for an operation that returns its errors. */
export const leftWith =
  (tag: ErrorTag, operation: string) =>
  (expected: string, received: string, where?: string): Either<TangentError, never> =>
    left(tangentError(tag, operation, expected, received, where))

const LONGEST = 80

/** The text of a value, and of what it holds down to a depth, so that no value is too deep or too large to be shown. */
const textOf = (value: unknown, depth: number): string => {
  if (Object.is(value, undefined)) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(value.slice(0, LONGEST))
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  if ('_tag' in value && 'shape' in value && Array.isArray(value.shape)) {
    const kind = value._tag === 'Tensor' ? 'a tensor' : value._tag === 'NdArray' ? 'an array' : undefined
    if (kind !== undefined) return `${kind} of shape [${value.shape.join(',')}]`
  }
  if (depth === 0) return Array.isArray(value) ? '[...]' : '{...}'
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value.slice(0, LONGEST / 2)
    return `[${items.map((item) => textOf(item, depth - 1)).join(',')}]`
  }
  const parts: string[] = []
  for (const name in value) {
    if (!Object.hasOwn(value, name)) continue
    const text = textOf(Reflect.get(value, name), depth - 1)
    parts.push(`${JSON.stringify(name.slice(0, LONGEST))}:${text}`)
    if (parts.length > LONGEST / 2) break
  }
  return `{${parts.join(',')}}`
}

/** A value as a person would write it, of at most 80 characters: for the `received` of errors. */
export const showValue = (value: unknown): string => {
  try {
    const text = textOf(value, 3)
    return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text
  } catch {
    return 'a value that cannot be read'
  }
}
