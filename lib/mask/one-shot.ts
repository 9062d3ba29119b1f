import { pipe } from 'fp-ts/lib/function.js'
import type * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Norm, norms } from '../attack/ball.js'
import { none, pgd } from '../attack/pgd.js'
import { requireWhole } from '../core/check.js'
import { entry } from '../core/entry.js'
import { fail, type TangentError } from '../core/error.js'
import { type HostKey, permutation } from '../core/key.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { full, isNdArray, type NdArray, of } from '../core/ndarray.js'
import { pairs, rebuild } from '../core/tree.js'
import { type Key, split } from '../graph/key.js'
import { type Effect, loop } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import { labelledCount, requireInBox, takeExamples } from '../nn/batch.js'
import type { NetworkLike, Params } from '../nn/layer.js'
import type { Batch, Box, Dataset } from '../nn/model.js'
import { concreteWeightsOf, type MaskedLeaves, type Weights } from '../nn/weights.js'
import { allocate, roundsTo, type LayerAllocation } from './allocation.js'
import { apply } from './apply.js'
import { emptyLayers, mapMasked, weightShapes } from './masked-leaves.js'
import { methods } from './scores/index.js'
import type { Score } from './scores/score.js'
import { keepBest, requireScores, topKMaskOf } from './top-k.js'
import { ofNetwork, onData } from '../nn/require.js'

/** The scores that give a mask at initialisation. */
export type OneShotMethod = keyof typeof methods

/** The names of all {@link OneShotMethod}s. */
export const oneShotMethods = Object.keys(methods) as readonly OneShotMethod[]

/** A mask, and the scores it came from. */
export interface OneShot<P = Params> {
  /** The mask: 1 keeps a weight, 0 removes it. */
  readonly mask: Concrete<Weights<P>>
  /** The scores that chose it. */
  readonly scores: Concrete<Weights<P>>
  /** The layers that the mask empties, see `mask.emptyLayers`; none where all is well. */
  readonly emptyLayers: readonly number[]
}

const oneShotOf = <P>({ mask, scores }: Omit<OneShot<P>, 'emptyLayers'>): OneShot<P> => ({
  mask,
  scores,
  emptyLayers: emptyLayers(mask)
})

/** The examples a score is taken on: the first of a shuffle. */
export const sampleOf = <P>(
  operation: string,
  { apply: model }: NetworkLike<P>,
  score: Score<P>,
  samples: number,
  params: Concrete<P>,
  data: Dataset,
  key: HostKey
): E.Either<TangentError, Concrete<Required<Batch>>> =>
  attempt(() => {
    const count = labelledCount(operation, model, params, data, { targets: true })
    requireInBox(operation, score, data.x)
    return takeExamples(
      data,
      permutation(key, count).slice(0, requireWhole(operation, 'samples', samples, 1))
    )
  })

/** How a score is taken, and how often. */
export interface IterativeOptions<P = Params> extends MaskedLeaves {
  /** It must cover the weights, and the biases if and only if they take part. */
  readonly score: Score<P>
  /** The fraction of weights that the mask keeps in the end, in (0, 1]. */
  readonly density: number
  /** How often the score is taken anew on what is left. */
  readonly rounds: number
  /** How the kept weights are allocated to layers. Counts hold from the first round on. @defaultValue `global` */
  readonly layers?: LayerAllocation
  /** Examples of the score; all where there are fewer. @defaultValue 512 */
  readonly samples?: number
}

const iterativeKinds: OptionKinds<IterativeOptions> = {
  score: option.function,
  density: option.number,
  rounds: option.number,
  layers: option.any,
  samples: option.number,
  biases: option.flag
}

/** Scores in which what a mask has removed comes last. Scores of another form than the mask are a TreeError. */
const behind = <C>(scores: C, mask: C): C =>
  rebuild<NdArray, C>(
    'mask.iterative',
    isNdArray,
    mask,
    pairs('mask.iterative', isNdArray, mask, scores).map(({ path, value: m, match }) =>
      match === undefined
        ? fail('TreeError', 'mask.iterative', 'a score for all that is masked', 'none', path)
        : of(
            m.shape,
            match.data.map((s, i) => (m.data[i] === 0 ? -Infinity : s))
          )
    )
  )

/**
 * Prunes in rounds: after round k of n the best ρ^(k/n) of the weights are left, k = 1 … n, by the score of the network that
 * round k − 1 left (Tanaka et al., arXiv:2006.05467, alg. 1; de Jorge et al., arXiv:2006.09081, for SNIP). One round is the
 * one-shot mask. What is removed stays removed. All rounds run one program on the same examples.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, key, mask, nn, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(8), nn.relu, nn.dense(10))
 * const { x, y } = data.take([0, 1, 2, 3])(data.digits())
 * const score: mask.Score = (params, batch) => mask.score.synflow(net.apply)(params, batch)
 * const made = await withEngine()(
 *   mask.iterative(net, { score, density: 0.125, rounds: 4 })(net.init(key(0), [64]), { x, y }, key(1))
 * )()
 * assert.ok(E.isRight(made))
 * assert.equal(mask.density(made.right.mask), 0.125)
 * assert.deepEqual(mask.emptyLayers(made.right.mask), [])
 */
export const iterative = entry(
  'mask.iterative',
  'Effect',
  2,
  <P>(network: NetworkLike<P>, options: IterativeOptions<P>) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<OneShot<P>> =>
    (runner) => {
      const operation = 'mask.iterative'
      checkOptions(operation, iterativeKinds, options)
      const { score, density, rounds, layers = 'global', samples = 512, ...leaves } = options
      const [forSample, forScore] = split(2)(key)
      const scored = (p: P, m: Weights<P>, batch: Required<Batch>, k: Key): Weights<P> =>
        score(apply(m)(p), batch, k)
      const start = attempt(() => {
        const whole = mapMasked(isNdArray, ({ value }) => full(value.shape, 1))(
          concreteWeightsOf<P>(params, leaves)
        )
        requireWhole(operation, 'rounds', rounds, 1)
        // the last round keeps least: a density that fits then fits before
        allocate(operation, layers, density, weightShapes(whole))
        return { whole, left: roundsTo(density, rounds, layers, weightShapes(whole)) }
      })
      return pipe(
        TE.fromEither(start),
        TE.bind('batch', () =>
          TE.fromEither(sampleOf(operation, network, score, samples, params, data, forSample))
        ),
        TE.bind('program', ({ whole, batch }) => runner.compile(scored, [params, whole, batch, forScore])),
        TE.flatMap(({ whole, left, batch, program }) =>
          pipe(
            oneShotOf<P>({ mask: whole, scores: whole }),
            loop(rounds, (i, { mask }: OneShot<P>) =>
              pipe(
                program(params, mask, batch, forScore),
                TE.flatMapEither(({ value: scores }) =>
                  attempt(() => {
                    const keep = topKMaskOf(left[i]!)
                    return oneShotOf<P>({ scores, mask: keep(behind(scores, mask)) })
                  })
                )
              )
            )
          )
        )
      )
    },
  [ofNetwork, onData]
)

/** How a mask is made from a score. */
export interface OneShotOptions extends MaskedLeaves {
  /** The score. */
  readonly method: OneShotMethod
  /** The fraction of weights that the mask keeps, in (0, 1]. */
  readonly density: number
  /** The radius of the PGD-10 (step ε/4) under which data-driven scores are taken; 0 scores clean inputs. */
  readonly epsilon: number
  /** The norm of that radius. @defaultValue `linf` */
  readonly norm?: Norm
  /** The box that inputs are in; others are a DataError where there is an attack. @defaultValue `[0, 1]` */
  readonly box?: Box | undefined
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

const kinds: OptionKinds<OneShotOptions> = {
  method: option.word(...Object.keys(methods)),
  density: option.number,
  epsilon: option.number,
  norm: option.word(...norms),
  box: option.any,
  samples: option.number,
  batch: option.number,
  layers: option.any,
  rounds: option.number,
  biases: option.flag
}

/** The score of a method: params, data and a key to a tree over the weights. */
export const scoreOf = <P>(
  network: NetworkLike<P>,
  {
    method,
    epsilon,
    norm = 'linf',
    box,
    batch,
    biases = false
  }: Pick<OneShotOptions, 'method' | 'epsilon' | 'norm' | 'box' | 'batch' | 'biases'>
): Score<P> =>
  methods[method].score(network, {
    attack: epsilon === 0 ? none : pgd({ norm, epsilon, box, steps: 10, stepSize: epsilon / 4 }),
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
export const oneShot = entry(
  'mask.oneShot',
  'Effect',
  2,
  <P>(network: NetworkLike<P>, options: OneShotOptions) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<OneShot<P>> => {
      checkOptions('mask.oneShot', kinds, options)
      const { method, density, samples = 512, biases = false } = options
      const { layers = methods[method].layers, rounds = methods[method].rounds } = options
      const score = scoreOf(network, options)
      if (rounds !== 1)
        return iterative(network, { score, density, rounds, layers, samples, biases })(params, data, key)
      const [forSample, forScore] = split(2)(key)
      const choose = (p: P, batch: Required<Batch>, k: Key) => {
        const scores = score(p, batch, k)
        return { scores, mask: keepBest('mask.oneShot', { layers, density })(scores) }
      }
      return (runner) =>
        pipe(
          TE.fromEither(sampleOf('mask.oneShot', network, score, samples, params, data, forSample)),
          TE.bindTo('batch'),
          TE.bind('program', ({ batch }) => runner.compile(choose, [params, batch, forScore])),
          TE.flatMap(({ batch, program }) => program(params, batch, forScore)),
          TE.flatMapEither(({ value }) =>
            attempt(() => {
              requireScores('mask.oneShot', value.scores)
              return oneShotOf<P>(value)
            })
          )
        )
    },
  [ofNetwork, onData]
)
