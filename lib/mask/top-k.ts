import { rebuild } from '../core/tree.js'
import { sizeOf } from '../core/shape.js'
import * as ops from '../graph/ops/index.js'
import { isTensor, type Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import { fail } from '../core/error.js'
import type { Allocation } from './allocation.js'

/** A function of one row of scores, of which `count` are to be kept, to a row of the same length. */
export type OnRow = (count: number) => (row: Tensor) => Tensor

/** Laid end to end and cut up again: a function of all scores together, as one row. */
export const together =
  (f: (row: Tensor) => Tensor) =>
  <T>(scores: T): T => {
    const parts = tree.tensors(scores)
    const image = f(ops.concat(0)(parts.map(ops.reshape([-1]))))
    let start = 0
    const images = parts.map((part) => {
      const piece = ops.sliceAxis(0, start, start + sizeOf(part.shape))(image)
      start += sizeOf(part.shape)
      return ops.reshape(part.shape)(piece)
    })
    return rebuild<Tensor, T>('mask', isTensor, scores, images)
  }

/** A function of each leaf's scores as a row, with the leaf's count. */
export const each =
  (operation: string, counts: readonly number[], f: OnRow) =>
  <T>(scores: T): T => {
    const parts = tree.tensors(scores)
    if (parts.length !== counts.length)
      fail('ArgumentError', operation, `${parts.length} counts`, `${counts.length}`)
    const images = parts.map((part, l) => ops.reshape(part.shape)(f(counts[l]!)(ops.reshape([-1])(part))))
    return rebuild<Tensor, T>(operation, isTensor, scores, images)
  }

/** A function of the rows that an allotment makes of a tree of scores. */
export const overRows =
  (operation: string, allotment: Allocation, f: OnRow) =>
  <T>(scores: T): T =>
    allotment.kind === 'together'
      ? together(f(allotment.count))(scores)
      : each(operation, allotment.counts, f)(scores)
