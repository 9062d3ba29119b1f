import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import type { NdArray } from '../core/ndarray.js'
import { fold, type Key } from '../graph/key.js'
import { loop } from '../graph/loop.js'
import { ops } from '../graph/ops/index.js'
import type { Runner } from '../graph/runner.js'
import { type Concrete, type Specs, specsOf } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt } from '../graph/trace.js'
import type { Attack, Model } from '../nn/model.js'
import { crossEntropyEach, margin } from '../nn/loss.js'
import type { Attacked, FullAttack, Samples } from './attack.js'
import { lazily } from './lazy.js'
import { checkRestarts } from './method.js'
import { resultOf, type Rows } from './result.js'
import {
  allBroken,
  belowEachOther,
  chooseRows,
  firstSuccessOf,
  type PrepareAttack,
  type PreparedAttack,
  prepareWhole,
  type Run,
  type RunOptions
} from './run.js'
import { type Candidate, judge, worse } from './task.js'

/** By what two results that both succeed, or both fail, are ordered: in the graph, and on the host. */
interface Order {
  readonly traced: (candidate: Candidate) => Tensor
  readonly host: (run: Run) => NdArray
  readonly sign: 1 | -1
}

/** Runs of one attack raise one loss. */
const byLoss: Order = { traced: ({ loss }) => loss, host: ({ loss }) => loss, sign: 1 }

/** Attacks may raise different losses; the margin is the same for all. */
export const byMargin: Order = { traced: ({ margin: m }) => ops.neg(m), host: ({ margin: m }) => m, sign: -1 }

const candidateOf = (found: Attacked): Candidate =>
  lazily<Candidate>({
    x: () => found.x,
    broken: () => found.success,
    loss: () => found.loss,
    margin: () => found.margin
  })

const mergeTraced =
  (order: Order) =>
  (a: Attacked, b: Attacked): Attacked =>
    resultOf(
      worse(order.traced)(candidateOf(a), candidateOf(b)),
      lazily<Rows>({
        losses: () => ops.concat(0)([a.losses, b.losses]),
        margins: () => ops.concat(0)([a.margins, b.margins]),
        zeroGradients: () => ops.add(b.zeroGradients)(a.zeroGradients),
        nonFiniteGradients: () => ops.add(b.nonFiniteGradients)(a.nonFiniteGradients)
      })
    )

const summed = (a: NdArray, b: NdArray): NdArray => ({ ...a, data: a.data.map((v, i) => v + b.data[i]!) })

const mergeRuns =
  ({ host, sign }: Order) =>
  (a: Run, b: Run): Run => {
    const [ofA, ofB] = [host(a).data, host(b).data]
    const takeB = Array.from(a.success.data, (broken, i) =>
      broken === b.success.data[i]! ? sign * ofB[i]! > sign * ofA[i]! : b.success.data[i]! > broken
    )
    const margins = belowEachOther([a.margins, b.margins])
    return {
      x: chooseRows(takeB, a.x, b.x),
      success: chooseRows(takeB, a.success, b.success),
      firstSuccess: firstSuccessOf(margins),
      loss: chooseRows(takeB, a.loss, b.loss),
      margin: chooseRows(takeB, a.margin, b.margin),
      losses: belowEachOther([a.losses, b.losses]),
      margins,
      zeroGradients: summed(a.zeroGradients, b.zeroGradients),
      nonFiniteGradients: summed(a.nonFiniteGradients, b.nonFiniteGradients),
      key: a.key,
      executed: b.executed
    }
  }

/**
 * Attacks one after the other, the j-th with the key `fold(j)(key)`; the worst result of each sample is kept. They are
 * asked for when the function is traced, so that a refusal belongs to the trace.
 */
export const inTurn = (order: Order, attacks: IO<readonly FullAttack[]>): FullAttack =>
  Object.assign(
    <P>(model: Model<P>) =>
      (params: P, batch: Samples, key: Key): Attacked =>
        attacks()
          .map((attack, j) => attack(model)(params, batch, fold(j)(key)))
          .reduce(mergeTraced(order)),
    {
      chunked:
        (chunk: number) =>
        <P>(model: Model<P>) =>
        (params: Specs<P>, batch: Specs<Samples>) =>
        (runner: Runner): TE.TaskEither<TangentError, PreparedAttack<P>> =>
          pipe(
            TE.fromEither(attempt(attacks)),
            TE.flatMap((all) =>
              pipe(
                [...new Set(all)],
                TE.traverseSeqArray((attack) =>
                  pipe(
                    attack.chunked(chunk)(model)(params, batch)(runner),
                    TE.map((prepared) => [attack, prepared] as const)
                  )
                ),
                TE.map((pairs) => {
                  const prepared = new Map(pairs)
                  return sequence(
                    order,
                    all.map((attack) => prepared.get(attack)!)
                  )
                })
              )
            )
          )
    }
  )

/** Prepared attacks one after the other, until every sample is broken. */
const sequence =
  <P>(order: Order, attacks: readonly PreparedAttack<P>[]): PreparedAttack<P> =>
  (params, batch, key) => {
    const start = (j: number): TE.TaskEither<TangentError, Run> => attacks[j]!(params, batch, fold(j)(key))
    return pipe(
      start(0),
      TE.flatMap(
        loop(attacks.length - 1, (j, found: Run) =>
          allBroken(found.success)
            ? TE.right(found)
            : pipe(
                start(j + 1),
                TE.map((more) => mergeRuns(order)(found, more))
              )
        )
      ),
      TE.map((found) => ({ ...found, key }))
    )
  }

/**
 * An attack from `n` starts, the worst result of each sample, by success and then loss. Start r has the key
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
 * assert.ok(five!.success.data.every((broken, i) => broken >= one!.success.data[i]!))
 */
export const restarts =
  (n: number) =>
  (attack: FullAttack): FullAttack =>
    inTurn(byLoss, () => new Array<FullAttack>(checkRestarts('attack.restarts', n)).fill(attack))

/** Any attack with a full result: one point is known of it, and it is judged by the margin. */
const complete = (attack: Attack | FullAttack): FullAttack => {
  if ('chunked' in attack) return attack
  const judged =
    <P>(model: Model<P>) =>
    (params: P, batch: Samples, key: Key): Attacked => {
      const { x } = attack(model)(params, batch, key)
      const none = ops.fill(0, [x.shape[0]!])
      const at = judge(
        { logits: model(params), objective: crossEntropyEach(batch.y), margin: margin(batch.y) },
        x
      )
      return resultOf(
        at,
        lazily<Rows>({
          losses: () => ops.expandDims(0)(at.loss),
          margins: () => ops.expandDims(0)(at.margin),
          zeroGradients: () => none,
          nonFiniteGradients: () => none
        })
      )
    }
  return Object.assign(judged, { chunked: () => prepareWhole(judged) })
}

/**
 * Several attacks, the worst result of each sample, by success and then margin: AutoAttack's ensemble (Croce and Hein,
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
export const worst = (...attacks: readonly (Attack | FullAttack)[]): FullAttack =>
  inTurn(byMargin, () =>
    attacks.length === 0
      ? fail('ArgumentError', 'attack.worst', 'at least one attack', 'none')
      : attacks.map(complete)
  )

/**
 * Compiles an attack, to run it on many batches: `prepare(attack, options)(model)(params, batch)`, where concrete arguments
 * stand for their shapes. A short attack is one program, a longer one is a program for `chunk` of its steps that is run
 * again and again, so that a thousand steps compile like ten. A run ends as soon as every sample is broken, where the
 * attack freezes such samples (APGD and Square do), and its rows end there; what it finds is otherwise what the traced
 * attack finds.
 */
export const prepare = (attack: Attack | FullAttack, { chunk = 10 }: RunOptions = {}): PrepareAttack =>
  complete(attack).chunked(chunk)

/**
 * Prepares an attack and runs it on one batch.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { attack, key, ndarray, nn, withEngine } from 'tangentflow'
 *
 * const apgd = attack.apgd({ epsilon: 0.1, steps: 50 })
 * const net = nn.serial(nn.dense(3))
 * const batch = { x: ndarray.full([2, 5], 0.5), y: ndarray.of([2], [0, 2]) }
 * const found = await withEngine()(attack.run(apgd)(net.apply)(net.init(key(0), [5]), batch, key(1)))()
 * assert.ok(E.isRight(found))
 * assert.deepEqual(found.right.x.shape, [2, 5])
 * assert.deepEqual(found.right.key, key(1))
 */
export const run =
  (attack: Attack | FullAttack, options: RunOptions = {}) =>
  <P>(model: Model<P>) =>
  (
    params: Concrete<P>,
    batch: Concrete<Samples>,
    key: HostKey
  ): ReaderTaskEither<Runner, TangentError, Run> =>
  (runner) =>
    pipe(
      TE.fromEither(attempt(() => specsOf<readonly [P, Samples]>('attack.run', [params, batch]))),
      TE.flatMap(([p, b]) => prepare(attack, options)(model)(p, b)(runner)),
      TE.flatMap((prepared) => prepared(params, batch, key))
    )
