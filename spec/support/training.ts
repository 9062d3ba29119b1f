import type * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { attack, key, nn, openEngine, type TangentError, train } from 'tangentflow'
import { right } from './either.js'
import { batchOf } from './networks.js'

/** A small training, and everything that it starts from. */
export const small = {
  net: nn.serial(nn.dense(10), nn.relu, nn.dense(3)),
  set: batchOf(9, 21, 6, 3),
  options: {
    epochs: 3,
    batch: 4,
    optimiser: train.momentum(0.9),
    schedule: train.schedule.cosine(0.1),
    attack: attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.1 })
  } satisfies train.FitOptions
}
export const start = small.net.init(key(2), [6])

/** Runs a training on the reference engine. */
export const attemptFit = async (
  options: train.FitOptions,
  { seed = 1, params = start, set = small.set } = {}
): Promise<E.Either<TangentError, train.FitResult>> => {
  const engine = right(await openEngine({ require: 'reference' })())
  return train.fit(small.net.apply, options)(params, set, key(seed))(engine)()
}

/** A store in memory that remembers everything written to it. */
export interface MemoryStore extends train.Store {
  readonly written: readonly Uint8Array[]
}

export const memoryStore = (content?: Uint8Array): MemoryStore => {
  const written: Uint8Array[] = []
  return {
    written,
    read: TE.fromIO(() => written.at(-1) ?? content),
    write: (bytes) => TE.fromIO(() => void written.push(bytes))
  }
}
