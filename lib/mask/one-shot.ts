import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Norm } from '../attack/ball.js'
import { pgd } from '../attack/pgd.js'
import type { HostKey } from '../core/key.js'
import { type Key, split } from '../graph/key.js'
import type { Effect } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Batch, Dataset } from '../nn/model.js'
import type { MaskedLeaves, Network, Params, Weights } from '../nn/layer.js'
import type { LayerAllocation } from './allocation.js'
import { iterative, type OneShot, oneShotOf, sampleOf } from './iterative.js'
import { methods } from './scores/index.js'
import type { Score } from './scores/score.js'
import { keepBest } from './top-k.js'

/** The scores that give a mask at initialisation. */
export type OneShotMethod = keyof typeof methods

/** The names of all {@link OneShotMethod}s. */
export const oneShotMethods = Object.keys(methods) as readonly OneShotMethod[]

/** How a mask is made from a score. */
export interface OneShotOptions extends MaskedLeaves {
  readonly method: OneShotMethod
  /** The fraction of weights that the mask keeps, in (0, 1]. */
  readonly density: number
  /** The radius of the PGD-10 (step ε/4) under which data-driven scores are taken; 0 scores clean inputs. */
  readonly epsilon: number
  /** The norm of that radius. @defaultValue `linf` */
  readonly norm?: Norm
  /** Examples a score is taken on; all where there are fewer. @defaultValue 512 */
  readonly samples?: number
  /** Examples of one gradient of SNIP, see `mask.score.snip`. @defaultValue all of them */
  readonly batch?: number
  /**
   * How the kept weights are allocated to layers.
   *
   * @defaultValue Erdős–Rényi layer densities for `random`, equal ones for `magnitude`, and for the others the best of all
   * layers together
   */
  readonly layers?: LayerAllocation
  /** How often the score is taken anew on what is left, see `mask.iterative`. @defaultValue 1, for `synflow` 100 */
  readonly rounds?: number
}

/** The score of a method: params, data and a key to a tree over the weights. */
export const scoreOf = (
  network: Network,
  {
    method,
    epsilon,
    norm = 'linf',
    batch,
    biases = false
  }: Pick<OneShotOptions, 'method' | 'epsilon' | 'norm' | 'batch' | 'biases'>
): Score =>
  methods[method].score(network, {
    attack: pgd({ norm, epsilon, steps: 10, stepSize: epsilon / 4 }),
    biases,
    ...(batch === undefined ? {} : { batch })
  })

/**
 * Takes a score of a network at its parameters and makes the mask of the best: in one program, or round by round.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, key, mask, nn, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(8), nn.relu, nn.dense(10))
 * const { x, y } = data.take([0, 1, 2, 3])(data.digits())
 * const made = await withEngine()(
 *   mask.oneShot(net, { method: 'snip', density: 0.25, epsilon: 0.1 })(net.init(key(0), [64]), { x, y }, key(1))
 * )()
 * assert.ok(E.isRight(made))
 * assert.equal(mask.density(made.right.mask), 0.25)
 */
export const oneShot =
  (network: Network, options: OneShotOptions) =>
  (params: Concrete<Params>, data: Dataset, key: HostKey): Effect<OneShot> =>
  (runner) => {
    const { density, samples = 512, biases = false } = options
    const { layers, rounds } = { ...methods[options.method], ...options }
    const score = scoreOf(network, options)
    if (rounds !== 1)
      return iterative(network, { score, density, rounds, layers, samples, biases })(params, data, key)(
        runner
      )
    const [forSample, forScore] = split(2)(key)
    const choose = (
      p: Params,
      batch: Required<Batch>,
      k: Key
    ): { readonly mask: Weights; readonly scores: Weights } => {
      const scores = score(p, batch, k)
      return { scores, mask: keepBest('mask.oneShot', { layers, density })(scores) }
    }
    return pipe(
      TE.fromEither(sampleOf('mask.oneShot', network, samples, params, data, forSample)),
      TE.flatMap((batch) =>
        pipe(
          runner.compile(choose, [params, batch, forScore]),
          TE.flatMap((program) => program(params, batch, forScore)),
          TE.map(({ value }) => oneShotOf(value))
        )
      )
    )
  }
