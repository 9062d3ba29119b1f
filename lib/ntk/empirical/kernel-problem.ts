import { option, type OptionKinds } from '../../core/options.js'
import { fail } from '../../core/error.js'
import { requireShape, showShape } from '../../core/shape.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import type { Model } from '../../nn/model.js'

/**
 * Which part of a kernel over pairs of outputs is computed. `full`: all of it, [n1, n2, outputs, outputs]; `diag`: its
 * diagonal over outputs, [n1, n2, outputs]; `mean`: its trace over outputs divided by their number, [n1, n2].
 */
export type Outputs = 'full' | 'mean' | 'diag'

/**
 * How a mask enters the kernel of θ ↦ f(m∘θ), with J = ∇f at m∘θ. `restricted`: J diag(m²) Jᵀ, the kernel that
 * governs masked training. `linear`: J diag(m) Jᵀ, equal to it for a binary m; a pruned weight then has a gradient, so
 * a search uses it. `ambient`: J Jᵀ, as neural-tangent-transfer code computes it.
 */
export type MaskForm = 'restricted' | 'linear' | 'ambient'

/** How a mask enters a kernel. */
export interface MaskedOptions {
  /** @defaultValue `'restricted'` */
  readonly mask?: MaskForm
}

/** Which kernel is computed, apart from the method. */
export interface KernelForm extends MaskedOptions {
  /** @defaultValue `'full'` */
  readonly outputs?: Outputs
}

/** The kinds of {@link MaskedOptions}. */
export const maskedKinds: OptionKinds<MaskedOptions> = {
  mask: option.word('restricted', 'linear', 'ambient')
}

/** The kinds of {@link KernelForm}. */
export const formKinds: OptionKinds<KernelForm> = {
  ...maskedKinds,
  outputs: option.word('full', 'mean', 'diag')
}

/**
 * A mask: a part of the parameter tree with one number for each parameter that it covers. Leaves that it lacks (biases,
 * as a rule) are unmasked; a leaf that the parameters lack, or of another shape, is a TreeError.
 */
export type MaskTree = unknown

/** For each leaf of the parameters the masks that multiply its Jacobian, element by element. */
export type Factors = readonly (readonly Tensor[])[]

/** A kernel to compute: J(x1) diag(factors) J(x2)ᵀ at `params`, leaf by leaf. */
export interface KernelProblem<P> {
  readonly model: Model<P>
  readonly params: P
  readonly x1: Tensor
  readonly x2: Tensor
  readonly factors: Factors
  readonly outputs: Outputs
  /** The number of outputs. */
  readonly count: number
}

/** m∘θ at the leaves that the mask covers. */
export const masked = <P>(operation: string, params: P, mask: MaskTree): P =>
  mask === undefined ? params : tree.zipPart(mask, (p, m) => ops.mul(m)(p), operation)(params)

/** How many times the mask multiplies the product of both Jacobians. */
const powers: { readonly [F in MaskForm]: number } = { restricted: 2, linear: 1, ambient: 0 }

/** The factors of a mask: each leaf's mask as often as the form says, or none. */
export const factorsOf = (operation: string, params: unknown, mask: MaskTree, form: MaskForm): Factors => {
  const power =
    form in powers
      ? powers[form]
      : fail('ArgumentError', operation, Object.keys(powers).join(', '), form, 'mask')
  if (mask === undefined) return tree.tensors(params).map(() => [])
  return tree
    .pairs(operation, params, mask)
    .map(({ match }) => (match === undefined ? [] : new Array<Tensor>(power).fill(match)))
}

/** A tree of the form of the parameters, each leaf multiplied by its factors. */
export const timesFactors = <P>(operation: string, directions: P, factors: Factors): P =>
  tree.replace(
    operation,
    directions,
    tree.tensors(directions).map((leaf, l) => factors[l]!.reduce((scaled, m) => ops.mul(m)(scaled), leaf))
  )

/** The outputs of a model for a batch; a shape other than [n, outputs] is a ShapeError. */
export const outputsOf = <P>(model: Model<P>, params: P, x: Tensor): Tensor => {
  const out = model(params)(x)
  return out.shape.length === 2 && out.shape[0] === x.shape[0]
    ? out
    : fail(
        'ShapeError',
        'ntk',
        `a model with outputs [n, outputs] for inputs ${showShape(x.shape)}`,
        showShape(out.shape)
      )
}

/** Checks the arguments of a kernel and applies the mask to the parameters. */
export const problemOf = <P>(
  model: Model<P>,
  { outputs = 'full', mask: form = 'restricted' }: KernelForm,
  params: P,
  x1: Tensor,
  x2: Tensor,
  mask: MaskTree
): KernelProblem<P> => {
  requireShape('ntk', 'x2', x2.shape, [...x2.shape.slice(0, 1), ...x1.shape.slice(1)], 'examples')
  const effective = masked('empiricalNtk', params, mask)
  const factors = factorsOf('empiricalNtk', params, mask, form)
  return {
    model,
    params: effective,
    x1,
    x2,
    factors,
    outputs,
    count: outputsOf(model, effective, x1).shape[1]!
  }
}
