import { fail } from '../../core/error.js'
import * as ops from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'

/**
 * How a mask enters the kernel of θ ↦ f(m∘θ), with J = ∇f at m∘θ. `restricted`: J diag(m²) Jᵀ, the kernel that
 * governs masked training. `linear`: J diag(m) Jᵀ, equal to it for a binary m; through it a pruned weight has a
 * gradient, so a search uses it. `ambient`: J Jᵀ, as neural-tangent-transfer code computes it.
 */
export type MaskForm = 'restricted' | 'linear' | 'ambient'

/** How a mask enters. */
export interface MaskedOptions {
  /** `restricted` unless given. */
  readonly mask?: MaskForm
}

/**
 * A mask: a part of the parameter tree with one number for each covered parameter. What it lacks (biases, as a rule) is
 * unmasked; a leaf that the parameters lack, or of another shape, is a TreeError.
 */
export type MaskTree = object

/** How often a mask stands between the Jacobians. */
const powers: { readonly [F in MaskForm]: number } = { restricted: 2, linear: 1, ambient: 0 }

const powerOf = (operation: string, form: MaskForm): number =>
  form in powers
    ? powers[form]
    : fail('ArgumentError', operation, Object.keys(powers).join(', '), form, 'mask')

/** m∘θ at the covered leaves. */
export const masked = <P>(operation: string, params: P, mask: MaskTree | undefined): P =>
  mask === undefined ? params : tree.zipPart(mask, (p, m) => ops.mul(m)(p), operation)(params)

/** For each leaf the factors that stand between the Jacobians: the mask as often as its form says, or nothing. */
export const factorsOf = (
  operation: string,
  params: unknown,
  mask: MaskTree | undefined,
  form: MaskForm
): readonly (readonly Tensor[])[] => {
  const power = powerOf(operation, form)
  return tree
    .pairs(operation, params, mask ?? [])
    .map(({ match }) => (match === undefined ? [] : new Array<Tensor>(power).fill(match)))
}
