import * as TE from 'fp-ts/lib/TaskEither.js'
import type { checkpoint } from 'tangentflow'

/** A store in memory, and what it holds. */
export const memoryStore = (): checkpoint.Store & { readonly held: () => Uint8Array | undefined } => {
  let held: Uint8Array | undefined
  return {
    held: () => held,
    read: TE.fromIO(() => held),
    write: (bytes) => TE.fromIO(() => void (held = bytes))
  }
}
