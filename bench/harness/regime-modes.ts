import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { Effect } from '../../lib/graph/runner.js'
import { prepared, spectrumOf } from './regime.js'

/** What a kernel's eigenvalues are in multiples of the dense one's, by rank. */
export interface Modes {
  readonly method: string
  readonly shares: readonly number[]
}

/** The eigenvalues of each candidate's 'mean' kernel at these ranks, in multiples of those of the dense network. */
export const modesOf = (width: number, seed: number, ranks: readonly number[]): Effect<readonly Modes[]> =>
  pipe(
    prepared(width, seed),
    RTE.flatMap(({ network, train: { x }, candidates, spectrum }) =>
      pipe(
        candidates,
        RTE.traverseSeqArray((candidate) =>
          pipe(
            spectrumOf(network, x)(candidate),
            RTE.map((own) => ({
              method: candidate.method,
              shares: ranks.map((rank) => own[rank - 1]! / spectrum[rank - 1]!)
            }))
          )
        )
      )
    )
  )
