import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { type Key, split } from '../graph/key.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import type { Norm } from '../attack/ball.js'
import { pgd } from '../attack/pgd.js'
import type { Attack, Batch, Dataset } from '../nn/batch.js'
import { labelledCount } from '../nn/labels.js'
import type { MaskedLeaves, Network, Params, Weights } from '../nn/layer.js'
import { keepBest, type LayerAllocation } from './allocation.js'
import { iterative, type Score } from './iterative.js'
import { type OneShot, oneShotOf, sampleOf } from './sample.js'
import * as score from './score.js'

/** How a method scores, and how it shares out what is kept unless told otherwise. */
interface Method {
  readonly score: (network: Network, options: score.SnipOptions) => Score
  readonly layers: LayerAllocation
  readonly rounds: number
}

const methods = {
  random: {
    score: (_network, options) => (params, _batch, key) => score.random(key, options)(params),
    layers: 'erk',
    rounds: 1
  },
  magnitude: {
    score: (_network, options) => (params) => score.magnitude(params, options),
    layers: 'uniform',
    rounds: 1
  },
  snip: { score: ({ apply }, options) => score.snip(apply, options), layers: 'global', rounds: 1 },
  grasp: { score: ({ apply }, options) => score.grasp(apply, options), layers: 'global', rounds: 1 },
  synflow: { score: ({ apply }, options) => score.synflow(apply, options), layers: 'global', rounds: 100 },
  kernelTrace: { score: score.kernelTrace, layers: 'global', rounds: 1 }
} as const satisfies Readonly<Record<string, Method>>

/** The scores that give a mask at initialisation. */
export type OneShotMethod = keyof typeof methods

/** Methods that choose a mask from one score at initialisation. */
export const oneShotMethods = Object.keys(methods) as readonly OneShotMethod[]

/** What a mask from a score is made by. */
export interface OneShotOptions extends MaskedLeaves {
  readonly method: OneShotMethod
  /** The fraction of weights to keep, in (0, 1]. */
  readonly density: number
  /** The radius of the PGD-10 (step ε/4) under which data-driven scores are taken; 0 scores clean inputs. */
  readonly epsilon: number
  /** The norm of that radius; `linf` unless given. */
  readonly norm?: Norm
  /** Examples a score is taken on; 512 unless given, fewer where there are fewer. */
  readonly samples?: number
  /** Examples of one gradient of SNIP, see {@link score.SnipOptions}; all of them unless given. */
  readonly batch?: number
  /**
   * How what is kept is shared out. Unless given, `random` has Erdős–Rényi layer densities, `magnitude` equal ones, and
   * the others take the best of all layers together.
   */
  readonly layers?: LayerAllocation
  /** How often the score is taken anew on what is left, see {@link iterative}; 1 unless given, for `synflow` 100. */
  readonly rounds?: number
}

/** The attack under which scores are taken: PGD-10 with step ε/4. */
const scoreAttack = (norm: Norm, epsilon: number): Attack =>
  pgd({ norm, epsilon, steps: 10, stepSize: epsilon / 4 })

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
    attack: scoreAttack(norm, epsilon),
    biases,
    ...(batch === undefined ? {} : { batch })
  })

/**
 * Scores and mask of a network at its parameters: in one program, or round by round.
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
  (params: Concrete<Params>, data: Dataset, key: HostKey): ReaderTaskEither<Runner, TangentError, OneShot> =>
  (runner) => {
    const { method, density, samples = 512, biases = false } = options
    const { layers, rounds } = { ...methods[method], ...options }
    const scored = scoreOf(network, options)
    if (rounds !== 1)
      return iterative(network, { score: scored, density, rounds, layers, samples, biases })(
        params,
        data,
        key
      )(runner)
    const [forSample, forScore] = split(2)(key)
    const choose = (
      p: Params,
      batch: Required<Batch>,
      k: Key
    ): { readonly mask: Weights; readonly scores: Weights } => {
      const scores = scored(p, batch, k)
      return { scores, mask: keepBest('mask.oneShot', layers, density)(scores) }
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
          TE.map(({ value }) => oneShotOf(value))
        )
      )
    )
  }
