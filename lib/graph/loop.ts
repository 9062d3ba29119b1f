import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/**
 * Runs `step(i, state)` for i = 0 … count−1, each on the state the last one left, and stops at the first Left. A loop
 * and not a chain of flatMap, so that ten thousand steps hold no ten thousand promises.
 */
export const loop =
  <Err, S>(count: number, step: (i: number, state: S) => TaskEither<Err, S>) =>
  (start: S): TaskEither<Err, S> =>
  async () => {
    let state = start
    for (let i = 0; i < count; i++) {
      const next = await step(i, state)()
      if (E.isLeft(next)) return next
      state = next.right
    }
    return E.right(state)
  }
