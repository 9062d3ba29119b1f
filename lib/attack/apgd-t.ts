import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../core/error.js'
import type { Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Runner } from '../graph/runner.js'
import { keySpec, spec, type Specs } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import type { Model } from '../nn/model.js'
import { targetedDlr } from '../nn/loss.js'
import { type ApgdOptions, apgdMethod } from './apgd.js'
import { apgdL1Method } from './apgd-l1.js'
import type { Attacked, FullAttack, Samples } from './attack.js'
import { byMargin, inTurn } from './combine.js'
import { iterate } from './iterate.js'
import type { Method } from './method.js'
import type { PreparedAttack } from './run.js'
import { ranked } from './target.js'

/** The options of APGD-T. */
export interface ApgdTOptions extends Omit<ApgdOptions, 'loss' | 'target'> {
  /** How many wrong classes are tried, from the most likely on; 9 unless given, for 10 classes or more. */
  readonly targets?: number
}

/** A method driven by the targeted DLR loss to the classes that the batch brings; any wrong class is a success. */
const targetedMethod = <M, C>(method: Method<M, C>): Method<M, C> => ({
  ...method,
  task: (logits, batch, key) => ({
    ...method.task(logits, batch, key),
    objective: targetedDlr(batch.target ?? batch.y)(batch.y)
  })
})

/** An attack on a batch that is first given the wrong class of one rank as its targets. */
const towards =
  (rank: number) =>
  (attack: FullAttack): FullAttack => {
    const choose = (logits: Tensor, { y, ids }: Samples, key: Key): Tensor =>
      ranked(rank)({ logits, y, ids, given: undefined, key })
    return Object.assign(
      <P>(model: Model<P>) =>
        (params: P, batch: Samples, key: Key): Attacked => {
          const target = choose(model(params)(ops.stopGradient(batch.x)), batch, key)
          return attack(model)(params, { ...batch, target: ops.stopGradient(target) }, key)
        },
      {
        chunked:
          (chunk: number) =>
          <P>(model: Model<P>) =>
          (params: Specs<P>, batch: Specs<Samples>) =>
          (runner: Runner): TE.TaskEither<TangentError, PreparedAttack<P>> =>
            pipe(
              TE.Do,
              TE.bind('choice', () =>
                runner.compile(
                  (p: P, b: Samples, k: Key) => choose(model(p)(b.x), b, k),
                  [params, batch, keySpec]
                )
              ),
              // targets are arguments, so that one program serves every rank
              TE.bind('prepared', () =>
                attack.chunked(chunk)(model)(params, { ...batch, target: spec(batch.y.shape) })(runner)
              ),
              TE.map(
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
export const apgdT = ({ targets = 9, ...options }: ApgdTOptions): FullAttack => {
  const one =
    options.norm === 'l1'
      ? iterate(targetedMethod(apgdL1Method(options, 'attack.apgdT')))
      : iterate(targetedMethod(apgdMethod(options, 'attack.apgdT')))
  return inTurn(byMargin, () =>
    Number.isInteger(targets) && targets >= 1
      ? Array.from({ length: targets }, (_, j) => towards(j + 1)(one))
      : fail(
          'ArgumentError',
          'attack.apgdT',
          'a whole number of targets of at least 1',
          `${targets}`,
          'targets'
        )
  )
}
