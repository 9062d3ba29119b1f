import * as ops from '../../graph/ops/index.js'
import type { CustomRule } from '../../graph/op.js'
import { apply, type Tensor } from '../../graph/tensor.js'

/** An elementwise function of tensors of one shape. */
export type Elementwise = (...args: readonly Tensor[]) => Tensor

/**
 * An elementwise function whose partial derivatives are stated, because deriving them from how the value is computed
 * would lose digits or divide by zero. They are tensors of the arguments, so they can be differentiated again.
 */
export const withPartials = (
  name: string,
  value: Elementwise,
  partials: (...args: readonly Tensor[]) => readonly Tensor[]
): Elementwise => {
  const rule: CustomRule = {
    name,
    vjp: (args, _out, cotangent) => partials(...args).map(ops.mul(cotangent)),
    jvp: (args, _out, tangents) =>
      partials(...args)
        .map((partial, k) => ops.mul(tangents[k]!)(partial))
        .reduce((sum, term) => ops.add(term)(sum))
  }
  return (...args) => apply({ tag: 'custom', rule }, [value(...args.map(ops.stopGradient)), ...args])
}

/** √x with derivative 0, instead of ∞, where x is 0 (or below it by rounding). */
export const rootOf = (x: Tensor): Tensor => {
  const inside = ops.greater(0)(x)
  return ops.select(inside)(ops.sqrt(ops.select(inside)(x, 1)), 0)
}

/** 1/√x where x is positive, else 0. */
export const reciprocalRootOf = (x: Tensor): Tensor => {
  const inside = ops.greater(0)(x)
  return ops.select(inside)(ops.reciprocal(ops.sqrt(ops.select(inside)(x, 1))), 0)
}
