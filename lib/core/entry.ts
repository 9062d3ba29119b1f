import { type Either, left } from 'fp-ts/lib/Either.js'
import type { IOEither } from 'fp-ts/lib/IOEither.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { showValue, type TangentError, tangentError, TangentFailure } from './error.js'
import { raisedError } from './raised.js'

/** What an entry point gives, by name. */
interface Promised {
  readonly Either: Either<TangentError, unknown>
  readonly IOEither: IOEither<TangentError, unknown>
  readonly TaskEither: TaskEither<TangentError, unknown>
  readonly Effect: ReaderTaskEither<never, TangentError, unknown>
}

type Call<R> = (...args: never[]) => R

/** Refuses arguments that a call cannot have, by the name of the operation. */
export type Check = (operation: string, args: readonly unknown[]) => void

/** How many calls of `F` lead to a value of type `R`; any number where the result of a generic call cannot be inferred. */
type CallsTo<F, R, N extends readonly 0[] = readonly []> = F extends (...args: never) => infer Next
  ? Next extends R
    ? [...N, 0]['length']
    : CallsTo<Next, R, [...N, 0]>
  : F extends (...args: never) => unknown
    ? number
    : never

/** How many more calls come before the Either itself. */
const further: { readonly [K in keyof Promised]: number } = {
  Either: 0,
  IOEither: 1,
  TaskEither: 1,
  Effect: 2
}

/** Whether a value is a Left or a Right. */
export const isEither = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  '_tag' in value &&
  (value._tag === 'Left' || value._tag === 'Right')

/** An Either as it is; anything else is what a function of the caller's gave in its place. */
const either = (operation: string, value: unknown): unknown =>
  isEither(value)
    ? value
    : left(
        tangentError('ArgumentError', operation, 'functions that give what their types say', showValue(value))
      )

/** `refusal`, after so many calls. */
const after = (calls: number, refusal: unknown): unknown =>
  calls === 0 ? refusal : () => after(calls - 1, refusal)

const guarded =
  (
    operation: string,
    calls: number,
    isAsync: boolean,
    f: Call<unknown>,
    [check, ...checks]: readonly Check[] = [],
    before?: readonly unknown[]
  ): Call<unknown> =>
  (...args) => {
    const given = before === undefined ? undefined : [...before, ...args]
    const refusal = (thrown: unknown): unknown =>
      left(thrown instanceof TangentFailure ? thrown.error : raisedError(operation, thrown, given))
    try {
      check?.(operation, args)
      const value = f(...args)
      if (calls > 1) {
        return guarded(operation, calls - 1, isAsync, value as Call<unknown>, checks, given)
      }
      return isAsync
        ? Promise.resolve(value)
            .then((result) => either(operation, result))
            .catch(refusal)
        : either(operation, value)
    } catch (thrown) {
      const error = refusal(thrown)
      return after(calls - 1, isAsync ? Promise.resolve(error) : error)
    }
  }

/** A task whose exceptions and rejections are Lefts. */
export const settled = <A>(
  operation: string,
  task: TaskEither<TangentError, A>
): TaskEither<TangentError, A> =>
  // a guarded task gives what the task gives, or a Left
  guarded(operation, 1, true, task) as TaskEither<TangentError, A>

/**
 * Makes `f`, a function that gives an Either, IOEither, TaskEither or ReaderTaskEither after so many calls, an entry point of the
 * library: whatever one of the calls, the effect or a promise in it throws is a Left of what the last call gives. The type
 * stays that of `f`. Each of its calls may have a check of its arguments.
 *
 * @defaultValue no `checks`
 */
/* @__NO_SIDE_EFFECTS__ */
export const entry = <K extends keyof Promised, F>(
  operation: string,
  gives: K,
  calls: CallsTo<F, Promised[K]>,
  f: F,
  checks: readonly Check[] = []
): F => {
  const isAsync = gives === 'TaskEither' || gives === 'Effect'
  // the guarded function takes what `f` takes and gives what it gives, which no type of a curried generic function says
  return guarded(operation, calls + further[gives], isAsync, f as Call<unknown>, checks, []) as F
}
