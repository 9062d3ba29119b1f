import { fail, showValue } from './error.js'
import { expectOneOf } from './nearest.js'

/** What an option may be: in words, and whether a value is that. */
export interface OptionKind {
  /** What the error of another value says was expected. */
  readonly expected: string
  /** Whether a value is one. */
  readonly is: (value: unknown) => boolean
}

const kind = (expected: string, is: (value: unknown) => boolean): OptionKind => ({ expected, is })

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const isNatural = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0

/** The kinds that options have. Bounds of a `number` are checked where it is used. */
export const option = {
  /** Whatever it is, it is checked where it is used. */
  any: kind('anything', () => true),
  number: kind('a number', (value) => typeof value === 'number'),
  /** A number that has no other bounds. */
  finite: kind('a finite number', Number.isFinite),
  /** A whole number from 0. */
  natural: kind('a whole number of at least 0', isNatural),
  /** A whole number from 1. */
  count: kind('a whole number of at least 1', (value) => isNatural(value) && value > 0),
  text: kind('a text', (value) => typeof value === 'string'),
  flag: kind('true or false', (value) => typeof value === 'boolean'),
  function: kind('a function', (value) => typeof value === 'function'),
  record: kind('an object', isObject),
  list: kind('a list', Array.isArray),
  /** Of rows and columns, as windows have it. */
  pair: kind(
    'a number, or two',
    (value) => typeof value === 'number' || (Array.isArray(value) && value.length === 2)
  ),
  schedule: kind('a schedule, as train.schedule.constant(0.1)', (value) => typeof value === 'function'),
  optimiser: kind(
    'an optimiser, as train.sgd or train.adam()',
    (value) => isObject(value) && 'step' in value && typeof value.step === 'function'
  ),
  /** One of some words. */
  word: (...words: readonly string[]): OptionKind =>
    kind(`one of ${words.join(', ')}`, (value) => words.some((word) => word === value)),
  /** Any of some kinds. */
  or: (...kinds: readonly OptionKind[]): OptionKind =>
    kind(kinds.map(({ expected }) => expected).join(' or '), (value) => kinds.some(({ is }) => is(value)))
} as const

/** A list of some of these words; apart from {@link option}, so that pages which need it not do without. */
export const wordList = (...words: readonly string[]): OptionKind =>
  kind(
    `a list of some of ${words.join(', ')}`,
    (value) => Array.isArray(value) && value.every((one) => words.some((word) => word === one))
  )

/** The kind of each option of `O`, complete by type. */
export type OptionKinds<O> = { readonly [K in keyof Required<O> & string]: OptionKind }

/** Those of some options that a table has and that are given. */
export const optionsOf = <O extends object>(kinds: OptionKinds<O>, options: O): O =>
  Object.fromEntries(
    Object.entries(options).filter(([name, value]) => Object.hasOwn(kinds, name) && value !== undefined)
  ) as O

/**
 * Refuses options that are no object, an option that there is not, with the one that was probably meant, and a value of another
 * kind than the table says, as ArgumentErrors. What is undefined is left out. Gives the options as they are.
 */
export const checkOptions = <O>(
  operation: string,
  kinds: Readonly<Record<string, OptionKind>>,
  options: O
): O => {
  if (!isObject(options))
    return fail('ArgumentError', operation, 'an object of options', showValue(options), 'options')
  const table = new Map(Object.entries(kinds))
  for (const name of Object.keys(options)) {
    const value: unknown = Reflect.get(options, name)
    const found = table.get(name)
    if (found === undefined)
      fail('ArgumentError', operation, expectOneOf('an option', [...table.keys()], name), name, 'options')
    else if (value !== undefined && !found.is(value))
      fail('ArgumentError', operation, found.expected, showValue(value), name)
  }
  return options
}
