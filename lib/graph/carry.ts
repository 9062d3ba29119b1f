import { fail } from '../core/error.js'
import { requireShape } from '../core/shape.js'
import { leaves } from '../core/tree.js'
import { isTensor, type Tensor } from './tensor.js'

/** The tensors of what a step hands on: its form and shapes are to be those that it was given. */
export const requireCarry = (
  operation: string,
  what: string,
  given: unknown,
  next: unknown
): readonly Tensor[] => {
  const before = leaves(operation, isTensor, given)
  const after = leaves(operation, isTensor, next)
  if (after.length !== before.length || after.some(({ path }, k) => path !== before[k]!.path))
    fail('TreeError', operation, `a ${what} of the form of the first`, `${after.length} tensors`)
  return after.map(({ path, value }, k) => {
    const place = `${what} ${path === '' ? 'root' : path}`
    requireShape(operation, place, value.shape, before[k]!.value.shape, 'shape')
    return value
  })
}
