import * as E from 'fp-ts/lib/Either.js'

/** What a computation gave; a refusal fails the spec with its error. */
export const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(JSON.stringify(either.left))
}
