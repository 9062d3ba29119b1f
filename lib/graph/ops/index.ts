/**
 * The operations: functions of tensors that build a graph, data-last for `pipe`. Shapes are checked as they are called.
 * The pointwise ones follow from the table of `../primitives/pointwise.ts`; add a row there and `ops` has it. Others are
 * composed here, or apply a primitive: `einsum.ts` has products and sums, `reshape.ts` what moves elements, `softmax.ts`
 * what compares them along an axis, `scan.ts` the loop.
 */
import { fill, ones } from '../contract.js'
import { constant } from '../tensor.js'
import * as einsum from './einsum.js'
import * as pointwise from './pointwise.js'
import * as reshape from './reshape.js'
import { scan } from './scan.js'
import * as softmax from './softmax.js'

const { pointwise: functions, ...composed } = pointwise
const constants = { constant, fill, ones, scan }

/** All operations by name. */
export const ops: pointwise.PointwiseOps &
  Omit<typeof pointwise, 'pointwise'> &
  typeof einsum &
  typeof reshape &
  typeof softmax &
  typeof constants = { ...functions, ...composed, ...einsum, ...reshape, ...softmax, ...constants }
