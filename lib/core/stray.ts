import { hasTag } from './check.js'
import { isNdArray } from './ndarray.js'

/** What to do about an array where a tensor belongs. */
const ARRAY =
  'an array outside a traced function: evaluateOn(f)(…) or run(engine)(f)(…) gives f tensors; inside one: ops.constant(array)'

const isDataSet = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'x' in value && 'y' in value

/**
 * What a value is that stands where a tensor or another leaf belongs, for the `received` of an error, with what to do about it
 * where one knows. `parent` is the record that has it, if one does: the number of classes of a data set is no part of a batch.
 */
export const describeStray = (value: unknown, parent?: unknown): string => {
  if (isNdArray(value)) return ARRAY
  if (hasTag(value, 'Tensor'))
    return 'a tensor, which there is inside a traced function only: call f itself there'
  if (hasTag(value, 'Key') || hasTag(value, 'TracedKey')) return 'a key'
  if (typeof value === 'function') return 'a function: ops are data-last, as ops.add(b)(a) for a + b'
  if (typeof value === 'number' && isDataSet(parent))
    return 'a number of a data set: give { x, y } of it as a batch'
  if (typeof value === 'number')
    return 'a number: ndarray.scalar makes an array of it, and ndarray.fromNested of rows of them'
  return typeof value
}
