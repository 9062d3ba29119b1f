import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

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

/** A whole number of at least `least`, exact in a double. */
export const whole = (least: number): t.Type<number, number> =>
  numberWhere(`a whole number of at least ${least}`, (value) => Number.isSafeInteger(value) && value >= least)

/** A share of something: above 0, at most 1. */
export const share = numberWhere('a number in (0, 1]', (value) => value > 0 && value <= 1)

/** One of some words. */
export const oneOf = <A extends string>(words: readonly A[]): t.Type<A, A> => {
  const is = (value: unknown): value is A => words.some((word) => word === value)
  return new t.Type(
    `one of ${words.join(', ')}`,
    is,
    (value, context) => (is(value) ? t.success(value) : t.failure(value, context)),
    t.identity
  )
}

/**
 * The text of a command-line option as the value of another codec. The text is a decimal number, `NaN` and `Infinity`
 * included so that the other codec refuses them by name.
 */
export const fromText = (codec: t.Type<number, number>): t.Type<number, string> =>
  new t.Type(
    codec.name,
    codec.is,
    (value, context) => {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
      return E.isRight(codec.decode(number)) && typeof value === 'string'
        ? t.success(number)
        : t.failure(value, context)
    },
    String
  )
