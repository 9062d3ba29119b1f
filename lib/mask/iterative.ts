import { pipe } from 'fp-ts/lib/function.js'
import type * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { requireWhole } from '../core/check.js'
import { fail, type TangentError } from '../core/error.js'
import { type HostKey, permutation } from '../core/key.js'
import { full, isNdArray, type NdArray, of } from '../core/ndarray.js'
import { pairs, rebuild } from '../core/tree.js'
import { type Key, split } from '../graph/key.js'
import { type Effect, loop } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import { labelledCount, takeExamples } from '../nn/batch.js'
import type { Batch, Dataset } from '../nn/model.js'
import { type MaskedLeaves, type Network, type Params, type Weights, weightsOf } from '../nn/layer.js'
import { allocate, type LayerAllocation } from './allocation.js'
import { apply } from './apply.js'
import { emptyLayers, mapMasked, weightShapes } from './masked-leaves.js'
import type { Score } from './scores/score.js'
import { topKMaskOf } from './top-k.js'

/** A mask, and the scores it came from. */
export interface OneShot {
  readonly mask: Concrete<Weights>
  readonly scores: Concrete<Weights>
  /** The layers that the mask empties, see `mask.emptyLayers`; none where all is well. */
  readonly emptyLayers: readonly number[]
}

/** A mask from scores, with the layers that it empties. */
export const oneShotOf = ({ mask, scores }: Omit<OneShot, 'emptyLayers'>): OneShot => ({
  mask,
  scores,
  emptyLayers: emptyLayers(mask)
})

/** The examples a score is taken on: the first of a shuffle. */
export const sampleOf = (
  operation: string,
  { apply: model }: Network,
  samples: number,
  params: Concrete<Params>,
  data: Dataset,
  key: HostKey
): E.Either<TangentError, Concrete<Required<Batch>>> =>
  attempt(() =>
    takeExamples(data, permutation(key, labelledCount(operation, model, params, data)).slice(0, samples))
  )

/** How a score is taken, and how often. */
export interface IterativeOptions extends MaskedLeaves {
  /** It must cover the weights, and the biases if and only if they take part. */
  readonly score: Score
  /** The fraction of weights that the mask keeps in the end, in (0, 1]. */
  readonly density: number
  /** How often the score is taken anew on what is left. */
  readonly rounds: number
  /** How the kept weights are allocated to layers. Counts hold from the first round on. @defaultValue `global` */
  readonly layers?: LayerAllocation
  /** Examples of the score; all where there are fewer. @defaultValue 512 */
  readonly samples?: number
}

const operation = 'mask.iterative'

/** Scores in which what a mask has removed comes last. Scores of another form than the mask are a TreeError. */
const behind = (scores: Concrete<Weights>, mask: Concrete<Weights>): Concrete<Weights> =>
  rebuild<NdArray, Concrete<Weights>>(
    operation,
    isNdArray,
    mask,
    pairs(operation, isNdArray, mask, scores).map(({ path, value: m, match }) =>
      match === undefined
        ? fail('TreeError', operation, 'a score for all that is masked', 'none', path)
        : of(
            m.shape,
            Float32Array.from(match.data, (s, i) => (m.data[i] === 0 ? -Infinity : s))
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
export const iterative =
  (
    network: Network,
    { score, density, rounds, layers = 'global', samples = 512, ...leaves }: IterativeOptions
  ) =>
  (params: Concrete<Params>, data: Dataset, key: HostKey): Effect<OneShot> =>
  (runner) => {
    const [forSample, forScore] = split(2)(key)
    const whole = mapMasked(({ shape }: NdArray) => full(shape, 1))(weightsOf(params, leaves))
    const keep = (round: number) => topKMaskOf({ layers, density: density ** (round / rounds) })
    const scored = (p: Params, m: Weights, batch: Required<Batch>, k: Key): Weights =>
      score(apply(m)(p), batch, k)
    const check = attempt(() => {
      requireWhole(operation, 'rounds', rounds, 1)
      // the last round keeps least: a density that fits then fits before
      allocate(operation, layers, density, weightShapes(whole))
    })
    return pipe(
      TE.fromEither(check),
      TE.flatMapEither(() => sampleOf(operation, network, samples, params, data, forSample)),
      TE.bindTo('batch'),
      TE.bind('program', ({ batch }) => runner.compile(scored, [params, whole, batch, forScore])),
      TE.flatMap(({ batch, program }) =>
        pipe(
          oneShotOf({ mask: whole, scores: whole }),
          loop(rounds, (i, { mask }: OneShot) =>
            pipe(
              program(params, mask, batch, forScore),
              TE.flatMapEither(({ value: scores }) =>
                attempt(() => oneShotOf({ scores, mask: keep(i + 1)(behind(scores, mask)) }))
              )
            )
          )
        )
      )
    )
  }
