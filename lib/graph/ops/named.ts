import { fail, TangentFailure } from '../../core/error.js'
import { isNdArray } from '../../core/ndarray.js'
import { raisedError } from '../../core/raised.js'
import { describeStray } from '../../core/stray.js'

type Call = (...args: readonly unknown[]) => unknown

/** What nothing but `ops.constant` takes: an array outside a traced function, and a function of which a call is missing. */
const isStray = (value: unknown): boolean => isNdArray(value) || typeof value === 'function'

const called =
  (operation: string, f: Call): Call =>
  (...args) => {
    const stray = args.flat().find(isStray)
    if (stray !== undefined) fail('ArgumentError', operation, 'a tensor', describeStray(stray))
    try {
      const result = f(...args)
      return typeof result === 'function' ? called(operation, result as Call) : result
    } catch (thrown) {
      if (thrown instanceof TangentFailure) throw new TangentFailure({ ...thrown.error, operation })
      throw thrown instanceof Error ? new TangentFailure(raisedError(operation, thrown, args)) : thrown
    }
  }

/**
 * Operations whose errors name the one that was called, whatever it is composed of, and which refuse what is no tensor and what
 * raises an exception. They call no function of the caller's: what that raises has a name of its own.
 */
export const named = <Ops extends object>(ops: Ops): Ops =>
  // each takes what it took and gives what it gave
  Object.fromEntries(Object.entries(ops).map(([name, f]) => [name, called(`ops.${name}`, f as Call)])) as Ops
