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

/** Stores in memory by name, and what they hold. */
export const memoryStores = (): {
  readonly saved: Map<string, Uint8Array>
  readonly store: (name: string) => checkpoint.Store
} => {
  const saved = new Map<string, Uint8Array>()
  return {
    saved,
    store: (name) => ({
      where: `folder/${name}`,
      read: TE.fromIO(() => saved.get(name)),
      write: (bytes) => TE.fromIO(() => void saved.set(name, bytes))
    })
  }
}
