import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { attack, type Concrete, data, type Key, key, mask, ndarray, nn, run } from '../../lib/index.js'
import type { Effect } from '../../lib/graph/runner.js'

// What harness/regime.ts measures: a dense network and its attacked images, another start, and masks.

/**
 * The setting: training images and others, on which trainings are followed too; steps of gradient descent, at a quarter of the largest
 * stable rate of the dense kernel, and how often outputs are noted; the weights that masks keep, and the attack's radius.
 */
export const setting = { images: 128, held: 100, steps: 400, times: 20, density: 0.1, epsilon: 0.1 } as const

const { images: TRAIN, held: HELD, density: DENSITY, epsilon: EPSILON } = setting

export type Mask = Concrete<nn.Weights>

/** A network, as a mask of a start. */
export interface Candidate {
  readonly method: string
  readonly start: Concrete<nn.Params>
  readonly chosen: Mask
}

export const networkOf = (width: number): nn.Network =>
  nn.serial(nn.dense(width), nn.relu, nn.dense(width), nn.relu, nn.dense(10))

export const ones = (params: Concrete<nn.Params>): Mask =>
  params.map(({ w }) => (w === undefined ? {} : { w: ndarray.full(w.shape, 1) }))

/** The images of a seed, attacked once against the dense network as it starts. */
export const attacked = (
  network: nn.Network,
  params: Concrete<nn.Params>,
  seed: number
): Effect<nn.Dataset> => {
  const count = TRAIN + HELD
  const { x, y } = data.take(Array.from({ length: count }, (_, i) => seed * count + i))(data.digits())
  const pgd = attack.pgd({ norm: 'linf', epsilon: EPSILON, steps: 7, relativeStep: 2.5 })(network.apply)
  return (runner) =>
    pipe(
      run(runner)((p: nn.Params, batch: nn.Batch, k: Key) => pgd(p, batch, k).x)(params, { x, y }, key(seed)),
      TE.map(({ value }) => ({ x: value, y }))
    )
}

/** The dense network and the masks of a seed; the search starts at the kernel-trace score. */
export const candidatesOf = (
  network: nn.Network,
  params: Concrete<nn.Params>,
  set: nn.Dataset,
  seed: number
): Effect<readonly Candidate[]> => {
  const found =
    (method: string) =>
    ({ mask: chosen }: { readonly mask: Mask }): Candidate => ({ method, start: params, chosen })
  const other = network.init(key(1000 + seed), [64])
  const random = { method: 'random', layers: 'erk', density: DENSITY, epsilon: 0 } as const
  const searched = (method: string, steps: number): Effect<Candidate> =>
    pipe(
      mask.search(network, { density: DENSITY, epsilon: 0, steps })(params, set, key(seed)),
      RTE.map(found(method))
    )
  return pipe(
    RTE.sequenceSeqArray([
      pipe(mask.oneShot(network, random)(params, set, key(seed)), RTE.map(found('random ERK'))),
      searched('kernel trace', 0),
      ...[30, 100, 300].map((steps) => searched(`ticket ${steps}`, steps))
    ]),
    RTE.map((masks) => [
      { method: 'dense', start: params, chosen: ones(params) },
      { method: 'another start', start: other, chosen: ones(other) },
      ...masks
    ])
  )
}
