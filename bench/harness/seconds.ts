import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../../lib/index.js'

/** How long something took, and how long the processor did, which other work on the machine changes less. */
export interface Seconds {
  readonly wall: number
  readonly processor: number
}

/** An effect with the seconds that it took. */
export const timed = <A>(
  effect: TE.TaskEither<TangentError, A>
): TE.TaskEither<TangentError, { readonly value: A; readonly seconds: Seconds }> =>
  pipe(
    TE.fromIO(() => ({ start: performance.now(), before: process.cpuUsage() })),
    TE.bind('value', () => effect),
    TE.map(({ start, before, value }) => {
      const { user, system } = process.cpuUsage(before)
      const seconds = { wall: (performance.now() - start) / 1000, processor: (user + system) / 1e6 }
      return { value, seconds }
    })
  )
