import { isNdArray } from '../core/ndarray.js'
import { leaves, rebuild } from '../core/tree.js'
import { constant } from '../graph/constant.js'
import { fold, type Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import type { Model } from '../nn/model.js'
import type { Attacked, FullAttack, Samples } from './attack.js'
import { chunkedMethod } from './chunks.js'
import { lazily } from './lazy.js'
import type { Method } from './method.js'
import { advance, begin, finish } from './progress.js'
import { resultOf, type Rows } from './result.js'
import type { Candidate } from './task.js'

/** What drives a step, as constants of the graph. */
const constants = <C>(control: Concrete<C>): C =>
  rebuild<unknown, C>(
    'attack.iterate',
    isNdArray,
    control,
    leaves('attack.iterate', isNdArray, control).map(({ value }) => constant(value))
  )

/** All steps of a method in one graph. */
const unrolled =
  <M, C>(method: Method<M, C>) =>
  <P>(model: Model<P>) =>
  (params: P, batch: Samples, key: Key): Attacked => {
    const task = method.task(model(params), batch, key)
    const rows: Candidate[] = []
    let state = begin(method, task, key)
    for (let i = 0; i < method.steps; i++) {
      const { to, seen } = advance(method, task, state, constants(method.control(i)), fold(i)(key), i === 0)
      rows.push(seen)
      state = to
    }
    const last = state
    const { kept, seen } = finish(method, task, last, method.steps === 0)
    rows.push(seen)
    const stacked = (part: (row: Candidate) => Tensor): Tensor => ops.stack(0)(rows.map(part))
    return resultOf(
      kept,
      lazily<Rows>({
        losses: () => stacked(({ loss }) => loss),
        margins: () => stacked(({ margin }) => margin),
        zeroGradients: () => last.zeroGradients,
        nonFiniteGradients: () => last.nonFiniteGradients
      })
    )
  }

/**
 * An attack from the parts of an iterative method: start, `steps` moves, keep. Every attack of the library is made by it.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, nn } from 'tangentflow'
 *
 * // PGD that starts in the middle of the box instead of at a random point
 * const pgd = attack.method.pgd({ epsilon: 0.1, steps: 3, stepSize: 0.05, keep: 'best' })
 * const centred = attack.iterate({
 *   ...pgd,
 *   start: (task, key) => ({ ...pgd.start(task, key), point: attack.ball.projectOnto(task.norm, task.ball)(task.ball.centre) })
 * })
 * const net = nn.serial(nn.dense(3))
 * const batch = { x: ndarray.full([2, 5], 0.5), y: ndarray.of([2], [0, 2]) }
 * const { x } = evaluateOn(centred(net.apply))(net.init(key(0), [5]), batch, key(1))
 * assert.ok(x.data.every((v) => Math.abs(v - 0.5) <= 0.1 + 1e-9))
 */
export const iterate = <M, C>(method: Method<M, C>): FullAttack =>
  Object.assign(unrolled(method), { chunked: chunkedMethod(method, unrolled(method)) })
