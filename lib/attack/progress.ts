import { fill } from '../graph/constant.js'
import type { Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import type { Method } from './method.js'
import { lazily } from './lazy.js'
import { chooseEach, either, not } from './rows.js'
import { type Candidate, type Faults, gradientAt, gradientFaults, judge, type Task, worse } from './task.js'

/** An attack between two steps. `best` is the best point so far; before the first one, it loses to any. */
export type Progress<M> = {
  readonly point: Tensor
  readonly memory: M
  readonly best: Candidate
  readonly zeroGradients: Tensor
  readonly nonFiniteGradients: Tensor
}

/** Worse than anything a finite model can give. */
const UNSEEN = 1e30

/** The start of an attack, before anything was looked at. */
export const begin = <M>(method: Pick<Method<M, unknown>, 'start'>, task: Task, key: Key): Progress<M> => {
  const { point, memory } = method.start(task, key)
  const each = [point.shape[0]!]
  const none = fill(0, each)
  return {
    point,
    memory,
    best: { x: point, broken: none, loss: fill(-UNSEEN, each), margin: fill(UNSEEN, each) },
    zeroGradients: none,
    nonFiniteGradients: none
  }
}

const better = worse(({ loss }) => loss)

/** Looks at the point, keeps the best and moves on. What nobody reads is not built. */
export const advance = <M, C>(
  method: Method<M, C>,
  task: Task,
  from: Progress<M>,
  control: C,
  key: Key,
  first = false
): { readonly to: Progress<M>; readonly seen: Candidate } => {
  const seen = judge(task, from.point)
  const own = lazily<{ readonly best: Candidate; readonly faults: Faults }>({
    best: () => (first ? seen : better(from.best, seen)),
    faults: () => gradientFaults(gradient)
  })
  const gradient = method.gradients ? gradientAt(task, from.point) : fill(0, from.point.shape)
  const { point, memory } = method.move(task, seen, gradient, from.memory, control, key)
  const count = (known: Tensor, fault: () => Tensor): Tensor => {
    if (!method.gradients) return known
    return ops.add(method.freeze ? ops.mul(not(own.best.broken))(fault()) : fault())(known)
  }
  return {
    seen,
    to: lazily<Progress<M>>({
      point: () => {
        const stays = [
          ...(method.freeze ? [own.best.broken] : []),
          // training takes the last point, and its own loss shows what went wrong: the guard is for evaluations
          ...(method.gradients && method.keep === 'best' ? [own.faults.nonFinite] : [])
        ]
        return stays.length === 0 ? point : chooseEach(stays.reduce(either))(from.point, point)
      },
      memory: () => memory,
      best: () => own.best,
      zeroGradients: () => count(from.zeroGradients, () => own.faults.zero),
      nonFiniteGradients: () => count(from.nonFiniteGradients, () => own.faults.nonFinite)
    })
  }
}

/** The last point, looked at, and the result. */
export const finish = <M>(
  method: Pick<Method<M, unknown>, 'keep'>,
  task: Task,
  from: Pick<Progress<M>, 'point' | 'best'>,
  first = false
): { readonly kept: Candidate; readonly seen: Candidate } => {
  const seen = judge(task, from.point)
  return { kept: first || method.keep === 'last' ? seen : better(from.best, seen), seen }
}
