/**
 * The operations: functions of tensors that build a graph, data-last for `pipe`. Shapes are checked as they are called.
 * The pointwise ones follow from the table of `../primitives/pointwise.ts`; add a row there and `ops` has it. Others are
 * composed here, or apply a primitive: `einsum.ts` has products, `reduce.ts` what an axis is reduced to, `reshape.ts` what moves
 * elements, `sort.ts` what orders them, `softmax.ts` probabilities, `conv2d.ts` windows of images, `scan.ts` the loop.
 */
import { fill, ones } from '../contract.js'
import { constant } from '../tensor.js'
import * as einsum from './einsum.js'
import * as pointwise from './pointwise.js'
import { conv2d } from './conv2d.js'
import { named } from './named.js'
import * as reduce from './reduce.js'
import * as reshape from './reshape.js'
import { scan } from './scan.js'
import * as sort from './sort.js'
import * as softmax from './softmax.js'

const { pointwise: functions, ...composed } = pointwise
const others = { fill, ones, conv2d }
/** They name themselves: one takes arrays, the other calls a function of the caller's. */
const own = { constant, scan }

/** All operations by name. */
export const ops: pointwise.PointwiseOps &
  Omit<typeof pointwise, 'pointwise'> &
  typeof einsum &
  typeof reduce &
  typeof reshape &
  typeof sort &
  typeof softmax &
  typeof others &
  typeof own = {
  ...named({
    ...functions,
    ...composed,
    ...einsum,
    ...reduce,
    ...reshape,
    ...sort,
    ...softmax,
    ...others
  }),
  ...own
}
