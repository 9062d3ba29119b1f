import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'

/** Lets tasks begin while it is open, and knows when those that have begun have come to their end. */
export interface Gate {
  /** The task, refused if the gate is closed by the time it is to begin. */
  readonly through: <A>(
    task: TaskEither<TangentError, A>,
    refusal: () => TangentError
  ) => TaskEither<TangentError, A>
  /** Refuses all that has not begun, and waits for the rest. */
  readonly close: () => Promise<void>
}

export const gate = (): Gate => {
  const running = new Set<Promise<unknown>>()
  let isOpen = true
  return {
    through: (task, refusal) => async () => {
      if (!isOpen) return E.left(refusal())
      const begun = task()
      running.add(begun)
      try {
        return await begun
      } finally {
        running.delete(begun)
      }
    },
    close: async () => {
      isOpen = false
      await Promise.allSettled(running)
    }
  }
}
