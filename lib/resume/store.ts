import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'

/**
 * Where the checkpoint of one run is kept: all that pure code sees of a file. `read` gives undefined where there is none
 * yet; `write` replaces the last one whole or not at all. `fileStore` of `tangentflow/io` keeps it in a file.
 */
export interface Store {
  readonly read: TaskEither<TangentError, Uint8Array | undefined>
  readonly write: (bytes: Uint8Array) => TaskEither<TangentError, void>
}
