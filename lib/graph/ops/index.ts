/**
 * The operations: functions of tensors that build a graph, data-last for `pipe`. Shapes are checked as they are called.
 * The pointwise ones follow from the table of `../primitives/pointwise.ts`; add a row there and `ops` has it. Others are
 * composed here, or apply a primitive: add one to the file it belongs to.
 */
import { constant, fill } from '../constant.js'
import { ones } from '../contract.js'
import * as arithmetic from './arithmetic.js'
import * as linear from './linear.js'
import { pointwise, type PointwiseOps } from './pointwise.js'
import * as reduce from './reduce.js'
import * as structure from './structure.js'

const constants = { constant, fill, ones }

/** All operations by name. */
export const ops: PointwiseOps &
  typeof arithmetic &
  typeof linear &
  typeof reduce &
  typeof structure &
  typeof constants = { ...pointwise, ...arithmetic, ...linear, ...reduce, ...structure, ...constants }
