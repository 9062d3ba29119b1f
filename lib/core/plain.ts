import { TangentFailure } from './error.js'
import { raisedError } from './raised.js'

type Call = (...args: never[]) => unknown

/** Whether JavaScript itself raised an error: it says where code stumbled, and not what was wrong with the call. */
const isRaw = (thrown: unknown): thrown is Error =>
  thrown instanceof TypeError || thrown instanceof RangeError || thrown instanceof ReferenceError

/** A record of data and functions, as layers and optimisers are; arrays, keys and errors have a tag and are data. */
const hasFunctions = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !('_tag' in value) &&
  Object.getPrototypeOf(value) === Object.prototype &&
  Object.values(Object.getOwnPropertyDescriptors(value)).some((field) => typeof field.value === 'function')

/** What a plain function gives: functions, with the properties that they may have, and the functions of a record are plain. */
const guarded = (operation: string, value: unknown): unknown =>
  // a class has a prototype, and is none of these
  typeof value === 'function' && !Object.hasOwn(value, 'prototype')
    ? Object.assign(plain(operation, value as Call), value)
    : hasFunctions(value)
      ? plainRecord(operation, value)
      : value

/**
 * Makes `f`, a function that gives a plain value, or a function that gives one, raise errors of the library only: where
 * arguments that it did not expect make JavaScript raise one, that is the cause of an ArgumentError that names the operation.
 * Errors of other kinds are those of functions of the caller's, and pass.
 */
/* @__NO_SIDE_EFFECTS__ */
export const plain = <F extends Call>(operation: string, f: F): F => {
  const call = (...args: never[]): unknown => {
    const raise = (thrown: unknown): never => {
      throw isRaw(thrown) ? new TangentFailure(raisedError(operation, thrown, args)) : thrown
    }
    try {
      const value = f(...args)
      return value instanceof Promise ? value.catch(raise) : guarded(operation, value)
    } catch (thrown) {
      return raise(thrown)
    }
  }
  // it takes what `f` takes and gives what it gives
  return call as F
}

/** A record whose functions are {@link plain}; fields that are computed when they are asked for stay so. */
/* @__NO_SIDE_EFFECTS__ */
export const plainRecord = <R extends object>(operation: string, record: R): R =>
  Object.defineProperties(
    {},
    Object.fromEntries(
      Object.entries(Object.getOwnPropertyDescriptors(record)).map(([name, field]) => {
        const value: unknown = field.value
        return [
          name,
          typeof value === 'function' ? { ...field, value: plain(operation, value as Call) } : field
        ]
      })
    )
    // of the fields that it had
  ) as R
