import type { Check } from '../core/entry.js'
import { fail, showValue } from '../core/error.js'
import { requireKey } from '../core/key.js'
import { isNdArray } from '../core/ndarray.js'
import { plain } from '../core/plain.js'

const hasApply = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'apply' in value && typeof value.apply === 'function'

/** Refuses anything but a function as the model that the first argument is, and says what to give of a network. */
export const ofModel: Check = (operation, [model]) => {
  if (typeof model !== 'function')
    fail(
      'ArgumentError',
      operation,
      'a model, a function of parameters',
      hasApply(model) ? 'a network: give its apply' : showValue(model)
    )
}

/** Refuses anything but a network, or a record with a model, as the first argument; a function has an `apply` that is another one. */
export const ofNetwork: Check = (operation, [network]) => {
  if (!hasApply(network))
    fail(
      'ArgumentError',
      operation,
      'a network, or { apply } of a model',
      typeof network === 'function' ? 'a model: give the network, or { apply: model }' : showValue(network)
    )
}

/** Refuses anything but arrays as inputs and labels of a set or batch. */
const requireArrays = (operation: string, data: unknown): void => {
  if (typeof data !== 'object' || data === null)
    return fail('ArgumentError', operation, 'a data set { x, y }', showValue(data))
  for (const name of ['x', 'y']) {
    const value: unknown = Reflect.get(data, name)
    if (!isNdArray(value))
      fail(
        'DataError',
        operation,
        'an array, as ndarray.fromNested makes of rows of numbers',
        showValue(value),
        name
      )
  }
}

/** Refuses what is no set, or no key, as the second and third of parameters, set and key. */
export const onData: Check = (operation, [, data, key]) => {
  requireArrays(operation, data)
  requireKey(operation, key)
}

type Call = (...args: never[]) => unknown

/** A {@link plain} function that takes a model, or a network, first: the check is that of the call that takes it. */
/* @__NO_SIDE_EFFECTS__ */
export const checked = <F extends Call>(operation: string, check: Check, f: F): F => {
  const call: Call = (...args) => {
    check(operation, args)
    return f(...args)
  }
  // it takes what `f` takes and gives what it gives
  return plain(operation, call) as F
}
