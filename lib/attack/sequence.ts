import { plain } from '../core/plain.js'
import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { MOST_UNROLLED, requireWhole } from '../core/check.js'
import { fail, type TangentError } from '../core/error.js'
import { fold, type Key } from '../graph/key.js'
import { loop } from '../graph/runner.js'
import { ops } from '../graph/ops/index.js'
import { attempt } from '../graph/trace.js'
import type { Attack, Box, Model } from '../nn/model.js'
import { type AttackBatch, byLoss, byMargin, lazily, type Order, stronger } from './goal.js'
import { type AttackResult, type FaultCounts, resultOf } from './iteration.js'
import {
  allSucceeded,
  type AttackRun,
  complete,
  onHost,
  type PrepareAttack,
  type PreparedAttack,
  type TracedAttack
} from './run.js'

/** The box that inputs of all attacks have to be in. */
const commonBox = (attacks: readonly Attack[]): Box | undefined =>
  attacks.reduce<Box | undefined>(
    (all, { box }) =>
      all === undefined || box === undefined
        ? (all ?? box)
        : [Math.max(all[0], box[0]), Math.min(all[1], box[1])],
    undefined
  )

/** The stronger result of each sample, and the rows of both. */
const merge =
  (order: Order) =>
  (a: AttackResult, b: AttackResult): AttackResult =>
    resultOf(
      stronger(order)(a, b),
      [a, b],
      lazily<FaultCounts>({
        zeroGradients: () => ops.add(b.zeroGradients)(a.zeroGradients),
        nonFiniteGradients: () => ops.add(b.nonFiniteGradients)(a.nonFiniteGradients)
      })
    )

/** Prepared attacks one after the other; where they freeze, until there is a success on every sample. */
const runSequence =
  <P>(order: Order, freeze: boolean, attacks: readonly PreparedAttack<P>[]): PreparedAttack<P> =>
  (params, batch, key) => {
    const run = (j: number): TE.TaskEither<TangentError, AttackRun> =>
      attacks[j]!(params, batch, fold(j)(key))
    const merged = (
      { key: _first, executed: _before, ...a }: AttackRun,
      { key: _second, executed, ...b }: AttackRun
    ) =>
      pipe(
        TE.fromEither(onHost(merge(order))(a, b)),
        TE.map((result): AttackRun => ({ ...result, key, executed }))
      )
    return pipe(
      run(0),
      TE.flatMap(
        loop(attacks.length - 1, (j, found: AttackRun) =>
          freeze && allSucceeded(found.success)
            ? TE.right(found)
            : pipe(
                run(j + 1),
                TE.flatMap((next) => merged(found, next))
              )
        )
      ),
      TE.map((found) => ({ ...found, key }))
    )
  }

/**
 * Attacks one after the other, the j-th with the key `fold(j)(key)`; the strongest result of each sample is kept. They are
 * asked for when the function is traced, so that a refusal belongs to the trace; their box, and whether they freeze, are known before.
 */
export const sequence = (
  order: Order,
  { box, freeze }: Pick<TracedAttack, 'box' | 'freeze'>,
  attacks: IO<readonly TracedAttack[]>
): TracedAttack =>
  Object.assign(
    <P>(model: Model<P>) =>
      (params: P, batch: AttackBatch, key: Key): AttackResult =>
        attacks()
          .map((attack, j) => attack(model)(params, batch, fold(j)(key)))
          .reduce(merge(order)),
    {
      box,
      freeze,
      programs:
        (chunk: number): PrepareAttack =>
        (model) =>
        (params, batch) =>
          pipe(
            RTE.fromEither(attempt(attacks)),
            RTE.bindTo('all'),
            RTE.bind('prepared', ({ all }) =>
              pipe(
                [...new Set(all)],
                RTE.traverseSeqArray((attack) =>
                  pipe(
                    attack.programs(chunk)(model)(params, batch),
                    RTE.map((prepared) => [attack, prepared] as const)
                  )
                ),
                RTE.map((pairs) => new Map(pairs))
              )
            ),
            RTE.map(({ all, prepared }) =>
              runSequence(
                order,
                freeze,
                all.map((attack) => prepared.get(attack)!)
              )
            )
          )
    }
  )

/**
 * An attack from `n` starts, the strongest result of each sample, by success and then loss. Start r has the key
 * `fold(r)(key)`, so the first m of n starts are those of `restarts(m)`, and more of them never help the model.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, nn } from 'tangentflow'
 *
 * const pgd = attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.05, keep: 'best' })
 * const net = nn.serial(nn.dense(3))
 * const params = net.init(key(0), [5])
 * const batch = { x: ndarray.full([2, 5], 0.5), y: ndarray.of([2], [0, 2]) }
 * const [one, five] = [1, 5].map((n) => evaluateOn(attack.restarts(n)(pgd)(net.apply))(params, batch, key(1)))
 * assert.deepEqual(five!.losses.shape, [15, 2]) // five starts of three points each
 * assert.ok(five!.success.data.every((success, i) => success >= one!.success.data[i]!))
 */
export const restarts = plain(
  'attack.restarts',
  (n: number) =>
    (attack: TracedAttack): TracedAttack =>
      sequence(byLoss, attack, () =>
        new Array<TracedAttack>(requireWhole('attack.restarts', 'restarts', n, 1, MOST_UNROLLED)).fill(attack)
      )
)

/**
 * Several attacks, the strongest result of each sample, by success and then margin: AutoAttack's ensemble (Croce and Hein,
 * arXiv:2003.01690) is one. Attack j has the key `fold(j)(key)`; further attacks never help the model.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, nn } from 'tangentflow'
 *
 * const either = attack.worst(attack.fgsm({ epsilon: 0.1 }), attack.noise({ epsilon: 0.1, samples: 3 }))
 * const net = nn.serial(nn.dense(3))
 * const batch = { x: ndarray.full([2, 5], 0.5), y: ndarray.of([2], [0, 2]) }
 * const { margins } = evaluateOn(either(net.apply))(net.init(key(0), [5]), batch, key(1))
 * assert.deepEqual(margins.shape, [2 + 3, 2])
 */
export const worst = plain('attack.worst', (...attacks: readonly (Attack | TracedAttack)[]): TracedAttack =>
  sequence(byMargin, { box: commonBox(attacks), freeze: attacks.every((one) => complete(one).freeze) }, () =>
    attacks.length === 0
      ? fail('ArgumentError', 'attack.worst', 'at least one attack', 'none')
      : attacks.map(complete)
  )
)
