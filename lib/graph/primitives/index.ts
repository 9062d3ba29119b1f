/**
 * The primitives: for each the shape of its result, its meaning in float64, and its attributes as text. `../op.ts` lists
 * what they are; the derivatives are in `diff/rules`, the kernels in the engines. To add one, add its form to `../op.ts` and
 * a record to the family it belongs to; the table below, and every other one, stops compiling until it is there. To add a
 * pointwise function, add a row to `pointwise.ts`.
 */
import { remembered } from '../../core/remembered.js'
import type { Shape } from '../../core/shape.js'
import type { EvaluateNode, Op, OpTag, Primitive, Tensor } from '../op.js'
import { contract } from './contract.js'
import { leaf } from './leaf.js'
import { pointwise } from './pointwise.js'
import { scan } from './scan.js'
import { structure } from './structure.js'
import { windows } from './windows.js'

/** The record of each primitive. */
const primitives: { readonly [T in OpTag]: Primitive<T> } = {
  ...leaf,
  pointwise,
  contract,
  ...structure,
  ...windows,
  scan: scan((op) => opKey(op))
}

/** The record of a primitive whose tag is known only when it runs. */
const primitiveOf = (op: Op): Primitive<OpTag> => primitives[op.tag] as Primitive<OpTag>

/** The shape of a primitive's result; inputs that do not fit are refused. */
export const shapeOf = (op: Op, inputs: readonly Shape[]): Shape => primitiveOf(op).shape(op, inputs)

/** The elements of one node, from those of its inputs; the nodes of a loop's body by `evaluateInner`. */
export const evaluateNode = (
  node: Tensor,
  inputs: readonly Float64Array[],
  evaluateInner?: EvaluateNode
): Float64Array => primitiveOf(node.op).evaluate(node.op, inputs, node, evaluateInner ?? evaluateNode)

/** A primitive with its attributes as text; equal primitives, and only those, have equal text. Each is written once. */
export const opKey = remembered((op: Op): string => primitiveOf(op).key(op))

/** The name of a primitive, with the function of a pointwise one. */
export const opName = (op: Op): string => (op.tag === 'pointwise' ? op.fn : op.tag)

/** What a printed graph says of a primitive's attributes. */
export const showAttributes = (op: Op): string => primitiveOf(op).show(op)
