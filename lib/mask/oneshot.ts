import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import { type HostKey, permutation } from '../core/key.js'
import { sizeOf } from '../core/shape.js'
import { type Key, split } from '../graph/key.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import { pgd } from '../attack/pgd.js'
import { type Batch, type Dataset, takeExamples } from '../nn/batch.js'
import { labelledCount } from '../nn/labels.js'
import type { Network, Params, Weights } from '../nn/layer.js'
import { countOf, erkCounts, uniformCounts, weightShapes } from './density.js'
import * as score from './score.js'
import { topK, topKPerLayer } from './topk.js'

/** Methods that choose a mask from one score at initialisation. */
export const oneShotMethods = ['random', 'magnitude', 'snip', 'kernelTrace'] as const

/** The scores that give a mask at once. */
export type OneShotMethod = (typeof oneShotMethods)[number]

/** What a one-shot mask is made by. */
export interface OneShotOptions {
  /**
   * `random` at Erdős–Rényi layer densities, `magnitude` at equal layer densities, `snip` and `kernelTrace` over all
   * weights together.
   */
  readonly method: OneShotMethod
  /** The fraction of weights to keep, in (0, 1]. */
  readonly density: number
  /** The radius of the PGD-10 (step ε/4) under which data-driven scores are taken; 0 scores clean inputs. */
  readonly epsilon: number
  /** Examples a score is taken on; 512 unless given, fewer where there are fewer. */
  readonly samples?: number
}

/** The attack under which scores are taken: PGD-10 with step ε/4. */
const scoreAttack = (epsilon: number) => pgd({ epsilon, steps: 10, stepSize: epsilon / 4 })

/** The score of a method: params, data and a key to a tree over the weights. */
export const scoreOf =
  (network: Network, method: OneShotMethod, epsilon: number) =>
  (params: Params, batch: Batch, key: Key): Weights => {
    switch (method) {
      case 'random':
        return score.random(key)(params)
      case 'magnitude':
        return score.magnitude(params)
      case 'snip':
        return score.snip(network.apply, { attack: scoreAttack(epsilon) })(params, batch, key)
      case 'kernelTrace':
        return score.kernelTrace(network, { attack: scoreAttack(epsilon) })(params, batch, key)
    }
  }

/** Scores to a mask, as the method allots its weights to layers. */
const maskOf =
  (method: OneShotMethod, density: number) =>
  (scores: Weights): Weights => {
    const shapes = weightShapes(scores)
    switch (method) {
      case 'random':
        return topKPerLayer(erkCounts(density)(shapes))(scores)
      case 'magnitude':
        return topKPerLayer(uniformCounts(density)(shapes))(scores)
      case 'snip':
      case 'kernelTrace':
        return topK(
          countOf(
            'mask.oneShot',
            density,
            shapes.map(sizeOf).reduce((a, b) => a + b, 0)
          )
        )(scores)
    }
  }

/** The examples a score is taken on: the first of a shuffle. */
export const sampleOf = (
  data: Dataset,
  count: number,
  samples: number,
  key: HostKey
): Concrete<Required<Batch>> => takeExamples(data, permutation(key, count).slice(0, samples))

/** A mask, and the scores it came from. */
export interface OneShot {
  readonly mask: Concrete<Weights>
  readonly scores: Concrete<Weights>
}

/** Scores and mask of a network at its parameters, in one program. */
export const oneShot =
  (network: Network, { method, density, epsilon, samples = 512 }: OneShotOptions) =>
  (params: Concrete<Params>, data: Dataset, key: HostKey): ReaderTaskEither<Runner, TangentError, OneShot> =>
  (runner) => {
    const [forSample, forScore] = split(2)(key)
    const choose = (
      p: Params,
      batch: Required<Batch>,
      k: Key
    ): { readonly mask: Weights; readonly scores: Weights } => {
      const scores = scoreOf(network, method, epsilon)(p, batch, k)
      return { scores, mask: maskOf(method, density)(scores) }
    }
    return pipe(
      TE.fromEither(
        attempt(() =>
          sampleOf(data, labelledCount('mask.oneShot', network.apply, params, data), samples, forSample)
        )
      ),
      TE.flatMap((batch) =>
        pipe(
          runner.compile(choose, [params, batch, forScore]),
          TE.flatMap((program) => program(params, batch, forScore)),
          TE.map(({ value }) => value)
        )
      )
    )
  }
