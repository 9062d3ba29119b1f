import { plain } from '../core/plain.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { MOST_UNROLLED, requireWhole } from '../core/check.js'
import type { Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import { keySpec, spec, type Specs } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import type { Model } from '../nn/model.js'
import { targetedDlr } from '../nn/loss.js'
import { apgdIteration, apgdL1Iteration, type ApgdOptions } from './apgd-iteration.js'
import { type AttackBatch, byMargin } from './goal.js'
import { iterate } from './iterate.js'
import type { AttackResult, Iteration } from './iteration.js'
import { compiled, type PrepareAttack, type PreparedAttack, type TracedAttack } from './run.js'
import { restarts, sequence } from './sequence.js'
import { ranked } from './target.js'

/** A run of APGD as its norm has it, of an iteration that may first be changed. */
const oneRun = (
  options: ApgdOptions,
  operation: string,
  change: <S, C>(iteration: Iteration<S, C>) => Iteration<S, C> = (iteration) => iteration
): TracedAttack =>
  options.norm === 'l1'
    ? iterate(change(apgdL1Iteration(options, operation)))
    : iterate(change(apgdIteration(options, operation)))

/**
 * Auto-PGD (Croce and Hein, arXiv:2003.01690, Algorithm 1): PGD with momentum whose step starts at 2ε and is halved at
 * checkpoints where too few steps raised the loss, or where neither loss nor step changed since the last one; a halved
 * run goes on from its best point. In L1 it is the variant of arXiv:2103.01208, whose steps move as many elements as the
 * best point so far suggests. The best point is kept, by success, then loss, and a sample is frozen after a success. With
 * `loss: nn.dlr` it is APGD-DLR. Few steps may be traced into a program of their own; run 100 with `attack.run`.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, nn } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(4), nn.relu, nn.dense(3))
 * const apgd = attack.apgd({ norm: 'l2', epsilon: 0.5, steps: 5, loss: nn.dlr })(net.apply)
 * const x = ndarray.full([1, 5], 0.5)
 * const found = evaluateOn(apgd)(net.init(key(0), [5]), { x, y: ndarray.of([1], [2]) }, key(1))
 * assert.ok(Math.hypot(...found.x.data.map((v) => v - 0.5)) <= 0.5 + 1e-9)
 */
export const apgd = plain('attack.apgd', (options: ApgdOptions): TracedAttack =>
  restarts(options.restarts ?? 1)(oneRun(options, 'attack.apgd'))
)

/** The options of APGD-T. */
export interface ApgdTOptions extends Omit<ApgdOptions, 'loss' | 'target'> {
  /** How many wrong classes are tried, from the most likely on. @defaultValue 9, for 10 classes or more */
  readonly targets?: number
}

/** An iteration driven by the targeted DLR loss to the classes that the batch brings; any wrong class is a success. */
const targeted = <S, C>(iteration: Iteration<S, C>): Iteration<S, C> => ({
  ...iteration,
  goal: (logits, batch, key) => ({
    ...iteration.goal(logits, batch, key),
    objective: targetedDlr(batch.target ?? batch.y)(batch.y)
  })
})

/** An attack on a batch that is first given the wrong class of one rank as its targets. */
const towards =
  (rank: number) =>
  (attack: TracedAttack): TracedAttack => {
    const choose = (logits: Tensor, { y, ids }: AttackBatch, key: Key): Tensor =>
      ranked(rank)({ logits, y, ids, given: undefined, key })
    return Object.assign(
      <P>(model: Model<P>) =>
        (params: P, batch: AttackBatch, key: Key): AttackResult => {
          const target = choose(model(params)(ops.stopGradient(batch.x)), batch, key)
          return attack(model)(params, { ...batch, target: ops.stopGradient(target) }, key)
        },
      {
        box: attack.box,
        freeze: attack.freeze,
        programs:
          (chunk: number): PrepareAttack =>
          <P>(model: Model<P>) =>
          (params: Specs<P>, batch: Specs<AttackBatch>) =>
            pipe(
              RTE.Do,
              RTE.bind('choice', () =>
                compiled(
                  (p: P, b: AttackBatch, k: Key) => choose(model(p)(b.x), b, k),
                  [params, batch, keySpec]
                )
              ),
              // targets are arguments, so that one program serves every rank
              RTE.bind('prepared', () =>
                attack.programs(chunk)(model)(params, { ...batch, target: spec(batch.y.shape) })
              ),
              RTE.map(
                ({ choice, prepared }): PreparedAttack<P> =>
                  (p, b, key) =>
                    pipe(
                      choice(p, b, key),
                      TE.flatMap(({ value }) => prepared(p, { ...b, target: value }, key))
                    )
              )
            )
      }
    )
  }

/**
 * APGD-T (Croce and Hein, arXiv:2003.01690, 4.3): a run of {@link apgd} with the targeted DLR loss for each of the most
 * likely wrong classes. It needs at least four classes. Success is any wrong class.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, nn } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(4))
 * const apgdT = attack.apgdT({ epsilon: 0.1, steps: 3, targets: 2 })(net.apply)
 * const batch = { x: ndarray.full([1, 5], 0.5), y: ndarray.of([1], [2]) }
 * const { losses } = evaluateOn(apgdT)(net.init(key(0), [5]), batch, key(1))
 * assert.deepEqual(losses.shape, [2 * 4, 1]) // two targets, four points each
 */
export const apgdT = plain('attack.apgdT', ({ targets = 9, ...options }: ApgdTOptions): TracedAttack => {
  const { restarts: starts = 1 } = options
  const single = oneRun(options, 'attack.apgdT', targeted)
  const one = starts === 1 ? single : restarts(starts)(single)
  return sequence(byMargin, one, () =>
    Array.from({ length: requireWhole('attack.apgdT', 'targets', targets, 1, MOST_UNROLLED) }, (_, j) =>
      towards(j + 1)(one)
    )
  )
})
