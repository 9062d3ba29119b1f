import { showValue, type TangentError, tangentError } from './error.js'

/**
 * The error of a call that raised an exception which is none of the library's: the arguments, which may be what it did not
 * expect, and the exception, which may be that of a function among them.
 */
export const raisedError = (operation: string, thrown: unknown, args?: readonly unknown[]): TangentError => {
  const isError = thrown instanceof Error
  const raised = isError ? `${thrown.name}: ${thrown.message}` : showValue(thrown)
  const given = args === undefined ? '' : `${args.map(showValue).join(', ') || 'nothing'}, which raised `
  const error = tangentError(
    'ArgumentError',
    operation,
    'arguments that raise no exception',
    `${given}${raised}`
  )
  return isError ? { ...error, cause: thrown } : error
}
