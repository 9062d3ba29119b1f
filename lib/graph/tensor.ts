import { hasTag } from '../core/check.js'
import { fail } from '../core/error.js'
import type { Shape } from '../core/shape.js'
import { infer } from './infer.js'
import type { Op, OpOf } from './op.js'

/**
 * A symbolic value inside a traced function: one immutable node of the graph. A tensor knows its primitive, its inputs
 * and its shape, never its elements.
 */
export interface Tensor {
  readonly _tag: 'Tensor'
  readonly op: Op
  readonly inputs: readonly Tensor[]
  readonly shape: Shape
}

/** Whether a value is a symbolic tensor. */
export const isTensor = (value: unknown): value is Tensor => hasTag(value, 'Tensor')

/** A tensor of one known primitive. */
export type TensorOf<T extends Op['tag']> = Tensor & { readonly op: OpOf<T> }

/** Whether a tensor is made by the given primitive. */
export const isOp = <T extends Op['tag']>(tensor: Tensor, tag: T): tensor is TensorOf<T> =>
  tensor.op.tag === tag

/** What a value is that came where a tensor was meant, for an error: `Key`, `undefined`. */
export const nameOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && '_tag' in value ? String(value._tag) : typeof value

/** Applies a primitive; what is no tensor is refused here, arguments that do not fit by the shape rule. */
export const apply = (op: Op, inputs: readonly Tensor[]): Tensor => {
  for (const input of inputs as readonly unknown[]) {
    if (!isTensor(input)) {
      fail('ArgumentError', op.tag === 'pointwise' ? op.fn : op.tag, 'a tensor', nameOf(input))
    }
  }
  return { _tag: 'Tensor', op, inputs, shape: infer(op, inputs) }
}
