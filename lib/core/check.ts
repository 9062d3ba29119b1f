import { fail, showValue } from './error.js'

/** The most of anything that is unrolled into one program: steps of an attack, its restarts and targets, keys of a split. */
export const MOST_UNROLLED = 10_000

/** The most of anything that is listed: steps of a training or a search, examples, units of a layer, rounds. */
const MOST_LISTED = 2 ** 24

/** The most elements of an array that is made from a count: 2 GiB in float32. */
export const MOST_ELEMENTS = 2 ** 29

const bounds: ReadonlySet<number> = new Set([MOST_UNROLLED, MOST_LISTED, MOST_ELEMENTS, Infinity])

/**
 * Requires a whole number from `least` to `most`, both included, and returns it; any other number is an ArgumentError.
 * `where` names the option or argument, or is undefined where the operation says enough.
 *
 * @defaultValue `least` is 0, `most` is {@link MOST_LISTED}
 */
export const requireWhole = (
  operation: string,
  where: string | undefined,
  value: number,
  least = 0,
  most = MOST_LISTED
): number =>
  Number.isInteger(value) && value >= least && value <= most
    ? value
    : fail(
        'ArgumentError',
        operation,
        !bounds.has(most)
          ? `a whole number in [${least}, ${most}]`
          : Number.isFinite(value) && value > most
            ? `a whole number of at most ${most}`
            : `a whole number of at least ${least}`,
        showValue(value),
        where
      )

/**
 * Requires a finite number of at least `least` and returns it; any other number is an ArgumentError.
 *
 * @defaultValue `least` is no bound
 */
export const requireFinite = (
  operation: string,
  where: string | undefined,
  value: number,
  least = -Infinity
): number =>
  Number.isFinite(value) && value >= least
    ? value
    : fail(
        'ArgumentError',
        operation,
        least === -Infinity ? 'a finite number' : `a finite number of at least ${least}`,
        showValue(value),
        where
      )

/** Requires a finite number above 0 and returns it; any other number is an ArgumentError. */
export const requirePositive = (operation: string, where: string | undefined, value: number): number =>
  Number.isFinite(value) && value > 0
    ? value
    : fail('ArgumentError', operation, 'a finite number above 0', showValue(value), where)

/** An interval from 0 to 1, with or without its ends. */
export type UnitInterval = '[0, 1]' | '[0, 1)' | '(0, 1]' | '(0, 1)'

/**
 * Requires a number in an interval from 0 to 1 and returns it; any other number is an ArgumentError.
 *
 * @defaultValue `interval` is `'[0, 1]'`
 */
export const requireFraction = (
  operation: string,
  where: string | undefined,
  value: number,
  interval: UnitInterval = '[0, 1]'
): number =>
  typeof value === 'number' &&
  value >= 0 &&
  value <= 1 &&
  !(value === 0 && interval.startsWith('(')) &&
  !(value === 1 && interval.endsWith(')'))
    ? value
    : fail('ArgumentError', operation, `a number in ${interval}`, showValue(value), where)

/** The position of the first label that is not a whole number in [0, classes), or −1. */
export const invalidLabelAt = (labels: Float32Array | Float64Array, classes: number): number =>
  labels.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes))

/** Whether a value is a record of the library with the given tag. */
export const hasTag = (value: unknown, tag: string): boolean =>
  typeof value === 'object' && value !== null && '_tag' in value && value._tag === tag
