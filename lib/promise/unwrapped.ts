import type { Either } from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type TangentError, TangentFailure } from '../core/error.js'
import { unwrap } from '../core/unwrap.js'

type Args = readonly unknown[]

/** What an effect gives as a promise, or an Either as a value. In brackets, so that an Either is not taken apart. */
type Unwrapped<R> = [R] extends [Either<TangentError, infer A>]
  ? A
  : [R] extends [TE.TaskEither<TangentError, infer A>]
    ? Promise<A>
    : never

type Outcome<A> = TE.TaskEither<TangentError, A> | Either<TangentError, A>

// Overloads and conditional types do not meet in an implementation: that it gives what `Unwrapped` says is what the spec tries.
const valueOf = <R extends Outcome<unknown>>(outcome: R): Unwrapped<R> =>
  (typeof outcome === 'function' ? unwrap(outcome) : unwrap(outcome)) as Unwrapped<R>

/** `f(…a)` with the promise or the value of what it gives. */
export const unwrapped =
  <A extends Args, R extends Outcome<unknown>>(f: (...a: A) => R) =>
  (...a: A): Unwrapped<R> =>
    valueOf(f(...a))

/** `f(…a)(…b)` with the promise or the value of what it gives. */
export const unwrapped2 =
  <A extends Args, B extends Args, R extends Outcome<unknown>>(f: (...a: A) => (...b: B) => R) =>
  (...a: A) =>
  (...b: B): Unwrapped<R> =>
    valueOf(f(...a)(...b))

/** `f(…a)(…b)(…c)` with the promise or the value of what it gives. */
export const unwrapped3 =
  <A extends Args, B extends Args, C extends Args, R extends Outcome<unknown>>(
    f: (...a: A) => (...b: B) => (...c: C) => R
  ) =>
  (...a: A) =>
  (...b: B) =>
  (...c: C): Unwrapped<R> =>
    valueOf(f(...a)(...b)(...c))

/**
 * A promise as an effect, for options of the library that ask for one, such as `validate`: a {@link TangentFailure} it rejects
 * with is the Left, any other exception stays one.
 */
export const effect =
  <A>(start: () => Promise<A>): TE.TaskEither<TangentError, A> =>
  () =>
    start().then(
      (value) => TE.right(value)(),
      (thrown: unknown) => {
        if (thrown instanceof TangentFailure) return TE.left(thrown.error)()
        throw thrown
      }
    )
