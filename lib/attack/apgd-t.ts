import { fail } from '../core/error.js'
import { fold } from '../graph/key.js'
import { targetedDlr } from '../nn/loss.js'
import { type ApgdOptions, apgdMethod } from './apgd.js'
import { apgdL1Method } from './apgd-l1.js'
import type { FullAttack } from './attack.js'
import { inTurn, byMargin } from './combine.js'
import { iterate } from './iterate.js'
import type { Method } from './method.js'
import { ranked } from './target.js'

/** The options of APGD-T. */
export interface ApgdTOptions extends Omit<ApgdOptions, 'loss' | 'target'> {
  /** How many wrong classes are tried, from the most likely on; 9 unless given, for 10 classes or more. */
  readonly targets?: number
}

/** The method, driven by the targeted DLR loss to the wrong class of the given rank; any wrong class is a success. */
const towards =
  (rank: number) =>
  <M, C>(method: Method<M, C>): Method<M, C> => ({
    ...method,
    task: (logits, batch, key) => {
      const task = method.task(logits, batch, key)
      const target = ranked(rank)({
        logits: logits(task.ball.centre),
        y: batch.y,
        ids: batch.ids,
        key: fold(rank)(key)
      })
      return { ...task, objective: targetedDlr(target)(batch.y) }
    }
  })

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
export const apgdT = ({ targets = 9, ...options }: ApgdTOptions): FullAttack =>
  inTurn(byMargin, () =>
    Number.isInteger(targets) && targets >= 1
      ? Array.from({ length: targets }, (_, j) =>
          options.norm === 'l1'
            ? iterate(towards(j + 1)(apgdL1Method(options, 'attack.apgdT')))
            : iterate(towards(j + 1)(apgdMethod(options, 'attack.apgdT')))
        )
      : fail(
          'ArgumentError',
          'attack.apgdT',
          'a whole number of targets of at least 1',
          `${targets}`,
          'targets'
        )
  )
