import { plain } from '../core/plain.js'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { entry } from '../core/entry.js'
import { showValue, tangentError, type TangentError } from '../core/error.js'
import { isRecord } from './parse-json.js'

/** A codec of the numbers that `holds` accepts; `name` is what its error says was expected. */
const numberWhere = (name: string, holds: (value: number) => boolean): t.Type<number, number> => {
  const is = (value: unknown): value is number =>
    typeof value === 'number' && Number.isFinite(value) && holds(value)
  return new t.Type(
    name,
    is,
    (value, context) => (is(value) ? t.success(value) : t.failure(value, context)),
    t.identity
  )
}

/** A finite number of at least `least`. */
export const atLeast = (least: number): t.Type<number, number> =>
  numberWhere(`a finite number of at least ${least}`, (value) => value >= least)

/** A finite number of at least `least` and at most `most`. */
export const between = (least: number, most: number): t.Type<number, number> =>
  numberWhere(`a number in [${least}, ${most}]`, (value) => value >= least && value <= most)

/** A finite number above 0. */
export const positive = numberWhere('a finite number above 0', (value) => value > 0)

/** What is left of something after each step: at least 0, below 1. */
export const decay = numberWhere('a number in [0, 1)', (value) => value >= 0 && value < 1)

/** A whole number of at least `least` and at most `most`, exact in a double. */
export const whole = (least: number, most = Infinity): t.Type<number, number> =>
  numberWhere(
    most === Infinity ? `a whole number of at least ${least}` : `a whole number in [${least}, ${most}]`,
    (value) => Number.isSafeInteger(value) && value >= least && value <= most
  )

/** A share of something: above 0, at most 1. */
export const share = numberWhere('a number in (0, 1]', (value) => value > 0 && value <= 1)

/** One of some words. */
export const oneOf = plain('io.codec.oneOf', <A extends string>(words: readonly A[]): t.Type<A, A> => {
  const is = (value: unknown): value is A => words.some((word) => word === value)
  return new t.Type(
    `one of ${words.join(', ')}`,
    is,
    (value, context) => (is(value) ? t.success(value) : t.failure(value, context)),
    t.identity
  )
})

/** Names that Windows gives to devices. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)$/i

const isFileName = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length <= 100 &&
  /^[\p{L}\p{N}]([\p{L}\p{N} .=+_-]*[\p{L}\p{N}=+_-])?$/u.test(value) &&
  value === value.normalize('NFC') &&
  !DEVICE.test(value)

/** A name that is also that of a file or a folder, on any system and inside the folder it is meant for. */
export const fileName = new t.Type<string, string>(
  'a name of at most 100 letters, digits, spaces and . = + - _ that begins with a letter or digit',
  isFileName,
  (value, context) => (isFileName(value) ? t.success(value) : t.failure(value, context)),
  t.identity
)

const DECIMAL = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i

/** The text of a command-line option as the value of another codec; the text is a decimal number, never a hexadecimal one. */
export const fromText = plain(
  'io.codec.fromText',
  (codec: t.Type<number, number>): t.Type<number, string> =>
    new t.Type(
      codec.name,
      codec.is,
      (value, context) => {
        const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : Number.NaN
        return E.isRight(codec.decode(number)) && typeof value === 'string'
          ? t.success(number)
          : t.failure(value, context)
      },
      String
    )
)

/** What {@link closed} decodes: the fields of `R`, and those of `O` that are given. */
export type Closed<R extends t.Props, O extends t.Props> = {
  readonly [K in keyof R]: t.TypeOf<R[K]>
} & { readonly [K in keyof O]?: t.TypeOf<O[K]> }

/** A field that is not known: its name lists the fields that are. */
const nothing = (known: readonly string[]): t.Type<never> =>
  new t.Type<never>(
    `no setting of this name; those there are: ${known.join(', ')}`,
    (_value): _value is never => false,
    (value, context) => t.failure(value, context),
    t.identity
  )

/** A record of the given fields, some of which may be left out; any other field is an error, as a misspelt one would be. */
export const closed = plain(
  'io.codec.closed',
  <R extends t.Props, O extends t.Props>(required: R, optional: O): t.Type<Closed<R, O>, unknown> => {
    const known = [...Object.keys(required), ...Object.keys(optional)]
    const has = (value: Readonly<Record<string, unknown>>, name: string): boolean => value[name] !== undefined
    const is = (value: unknown): value is Closed<R, O> =>
      isRecord(value) &&
      Object.entries(required).every(([name, type]) => type.is(value[name])) &&
      Object.entries(optional).every(([name, type]) => !has(value, name) || type.is(value[name])) &&
      Object.keys(value).every((name) => known.includes(name))
    return new t.Type<Closed<R, O>, unknown>(
      `a record of ${known.join(', ')}`,
      is,
      (value, context) => {
        if (!isRecord(value)) return t.failure(value, context)
        const fields = [
          ...Object.entries(required),
          ...Object.entries(optional).filter(([name]) => has(value, name)),
          ...Object.keys(value)
            .filter((name) => !known.includes(name))
            .map((name) => [name, nothing(known)] as const)
        ]
        const checked = fields.map(
          ([name, type]) =>
            [name, type.validate(value[name], t.appendContext(context, name, type, value[name]))] as const
        )
        const errors = checked.flatMap(([, one]) => (E.isLeft(one) ? one.left : []))
        const decoded: unknown = Object.fromEntries(
          checked.flatMap(([name, one]) => (E.isRight(one) ? [[name, one.right]] : []))
        )
        return errors.length === 0 && is(decoded) ? t.success(decoded) : t.failures(errors)
      },
      t.identity
    )
  }
)

/** One of several records told apart by their `kind`: its codec, and what a setting of it means. */
export interface Variant<S, Out> {
  /** The codec of the setting. */
  readonly codec: t.Type<S, unknown>
  /** What a setting describes. */
  readonly build: (setting: S) => Out
}

type Kinded<K extends string, R extends t.Props, O extends t.Props> = Closed<
  R & {
    /** The word that tells the variants apart. */
    readonly kind: t.Type<K>
  },
  O
>

/** A {@link Variant} by its kind, its fields, and what a setting means. */
export const variant = plain(
  'io.codec.variant',
  <K extends string, R extends t.Props, O extends t.Props, Out>(
    kind: K,
    required: R,
    optional: O,
    build: (setting: Kinded<K, R, O>) => Out
  ): Variant<Kinded<K, R, O>, Out> => ({
    codec: closed(
      {
        /** The word that tells the variants apart. */
        kind: oneOf([kind]),
        ...required
      },
      optional
    ),
    build
  })
)

/**
 * A table of variants, each in the row of its kind, as one codec and one function: `tagged<Schedule>()({ constant, cosine })`.
 * Errors are those of the variant that the kind names.
 */
export const tagged = plain(
  'io.codec.tagged',
  <Out>() =>
    <M extends { readonly [K in keyof M]: Readonly<Record<'kind', K>> }>(table: {
      readonly [K in keyof M]: Variant<M[K], Out>
    }): {
      /** The kinds, in the order of the table. */
      readonly kinds: readonly (keyof M & string)[]
      /** The codec of a setting of any kind. */
      readonly codec: t.Type<M[keyof M], unknown>
      /** What a setting describes, by its kind. */
      readonly build: (setting: M[keyof M]) => Out
    } => {
      const rows: Readonly<Record<PropertyKey, unknown>> = table
      const kinds = Object.keys(table).filter((kind): kind is keyof M & string => kind in table)
      const kindCodec = oneOf(kinds)
      return {
        kinds,
        codec: new t.Type<M[keyof M], unknown>(
          `a record whose kind is ${kindCodec.name}`,
          (value): value is M[keyof M] => kinds.some((kind) => table[kind].codec.is(value)),
          (value, context) => {
            if (!isRecord(value)) return t.failure(value, context)
            const kind = kindCodec.validate(
              value['kind'],
              t.appendContext(context, 'kind', kindCodec, value['kind'])
            )
            return E.isLeft(kind) ? kind : table[kind.right].codec.validate(value, context)
          },
          t.identity
        ),
        // the row of a kind takes settings of that kind, which the type checker cannot follow
        build: (setting) => (rows[setting.kind] as Variant<M[keyof M], Out>).build(setting)
      }
    }
)

/** A list of at least one. */
export const some = plain(
  'io.codec.some',
  <C extends t.Mixed>(one: C): t.Type<readonly [t.TypeOf<C>, ...t.TypeOf<C>[]], unknown> => {
    const list = t.array(one)
    const is = (value: unknown): value is readonly [t.TypeOf<C>, ...t.TypeOf<C>[]] =>
      list.is(value) && value.length > 0
    return new t.Type<readonly [t.TypeOf<C>, ...t.TypeOf<C>[]], unknown>(
      `a list of at least one: ${one.name}`,
      is,
      (value, context) => {
        const checked = list.validate(value, context)
        if (E.isLeft(checked)) return checked
        return is(checked.right) ? t.success(checked.right) : t.failure(value, context)
      },
      t.identity
    )
  }
)

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
export const decode = entry(
  'io.decode',
  'Either',
  2,
  <A>(operation: string, codec: t.Decoder<unknown, A>) =>
    (value: unknown): E.Either<TangentError, A> => {
      const decoded = codec.decode(value)
      if (E.isRight(decoded)) return decoded
      const [first] = decoded.left
      const paths = new Set(decoded.left.map(pathOf))
      if (first === undefined)
        return E.left(tangentError('ConfigError', operation, 'a value that decodes', showValue(value)))
      const others = paths.size > 1 ? `, and ${paths.size - 1} more wrong` : ''
      const path = pathOf(first)
      return E.left(
        tangentError(
          'ConfigError',
          operation,
          expectedOf(first),
          `${showValue(first.value)}${others}`,
          path === '' ? undefined : path
        )
      )
    }
)
