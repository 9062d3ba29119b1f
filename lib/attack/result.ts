import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import type { Attacked } from './attack.js'
import { lazily } from './lazy.js'
import { not } from './rows.js'
import type { Candidate } from './task.js'

/** The first row at which a margin is at most 0, [n], or −1: from margins [rows, n]. */
const firstSuccess = (margins: Tensor): Tensor => {
  const rows = margins.shape[0]!
  const early = ops.mul(not(ops.greater(0)(margins)))(
    ops.sub(ops.iota(margins.shape, 0))(ops.fill(rows, margins.shape))
  )
  const most = ops.reduceMax(0)(early)
  return ops.select(ops.greater(0)(most))(ops.sub(most)(ops.fill(rows, most.shape)), -1)
}

/** What a traced attack has to say of the rows it saw. */
export type Rows = Pick<Attacked, 'losses' | 'margins' | 'zeroGradients' | 'nonFiniteGradients'>

/**
 * The result of a traced attack from the point it kept and the rows it saw: constant to every derivative, and each field
 * built only when it is read.
 */
export const resultOf = (kept: Candidate, rows: Rows): Attacked => {
  const field = (value: () => Tensor) => (): Tensor => ops.stopGradient(value())
  return lazily<Attacked>({
    x: field(() => kept.x),
    success: field(() => kept.broken),
    firstSuccess: field(() => firstSuccess(rows.margins)),
    loss: field(() => kept.loss),
    margin: field(() => kept.margin),
    losses: field(() => rows.losses),
    margins: field(() => rows.margins),
    zeroGradients: field(() => rows.zeroGradients),
    nonFiniteGradients: field(() => rows.nonFiniteGradients)
  })
}
