import type { Kernel, KernelBackend } from './kernel.js'
import { openScope } from './scope.js'
import type { Value } from './value.js'
import { valueText } from './value-text.js'

/** A kernel without a loop. */
export interface Pointwise {
  readonly output: readonly number[]
  readonly value: Value
}

/** A kernel without a loop whose cells give four numbers each. */
export interface Vec4 {
  readonly output: readonly number[]
  readonly values: readonly [Value, Value, Value, Value]
}

/**
 * out[i] = value(i), for a whole fused expression: arithmetic, comparisons, and every reshape, permutation, slice, pad and
 * concatenation of its operands as index arithmetic.
 *
 * Access: one read an array and cell; along x it is contiguous where the operand's last axis is the result's. Cost: the
 * reads (about 1 ns each on webasm, where they are gathers), and 20 to 30 ns for a call out of WebAssembly (exp, log, pow).
 */
export const pointwise = ({ output, value }: Pointwise, backend: KernelBackend): Kernel => {
  const scope = openScope(backend)
  return scope.finish('pointwise', output, valueText(scope)(value))
}

/**
 * out[i] = (value₀(i) … value₃(i)): an array whose elements are vectors of four, for kernels that read them as one. On the GL backends
 * an element is a texel, and reading it is what a kernel spends its time on.
 */
export const vec4 = ({ output, values }: Vec4, backend: KernelBackend): Kernel => {
  const scope = openScope(backend)
  const parts = values.map(valueText(scope))
  return { ...scope.finish('vec4', output, `[${parts.join(', ')}]`), components: 4 }
}
