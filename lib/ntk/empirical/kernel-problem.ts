import { fail } from '../../core/error.js'
import { sameShape, showShape } from '../../core/shape.js'
import * as ops from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Model } from '../../nn/batch.js'
import { factorsOf, masked, type MaskedOptions, type MaskTree } from './masked.js'

/**
 * How much of the outputs' part of a kernel is wanted. `full`: [n1, n2, outputs, outputs]; `diag`: its diagonal over
 * outputs, [n1, n2, outputs]; `mean`: its trace over outputs divided by their number, [n1, n2].
 */
export type Outputs = 'full' | 'mean' | 'diag'

/** A kernel to compute: J(x1) diag(factors) J(x2)ᵀ at `params`, leaf by leaf. */
export interface Problem<P> {
  readonly model: Model<P>
  readonly params: P
  readonly x1: Tensor
  readonly x2: Tensor
  /** What stands between the Jacobians, for each leaf of the parameters. */
  readonly factors: readonly (readonly Tensor[])[]
  readonly outputs: Outputs
  /** The number of outputs. */
  readonly count: number
}

/** Which kernel is wanted, apart from how it is computed. */
export interface KernelForm extends MaskedOptions {
  /** `full` unless given. */
  readonly outputs?: Outputs
}

/** The number of outputs of a model, whose results for a batch are [n, outputs]; others are a ShapeError. */
const countOf = <P>(model: Model<P>, params: P, x: Tensor): number => {
  const { shape } = model(params)(x)
  return shape.length === 2 && shape[0] === x.shape[0]
    ? shape[1]!
    : fail(
        'ShapeError',
        'ntk',
        `a model with outputs [n, outputs] for inputs ${showShape(x.shape)}`,
        showShape(shape)
      )
}

/** The problem of a kernel: the parameters as the mask leaves them, and what stands between the Jacobians. */
export const problemOf = <P>(
  model: Model<P>,
  { outputs = 'full', mask: form = 'restricted' }: KernelForm,
  params: P,
  x1: Tensor,
  x2: Tensor,
  mask: MaskTree | undefined
): Problem<P> => {
  if (!sameShape(x1.shape.slice(1), x2.shape.slice(1)))
    fail('ShapeError', 'ntk', `examples of one shape, ${showShape(x1.shape)}`, showShape(x2.shape), 'x2')
  const effective = masked('empiricalNtk', params, mask)
  const factors = factorsOf('empiricalNtk', params, mask, form)
  return { model, params: effective, x1, x2, factors, outputs, count: countOf(model, effective, x1) }
}

/** One way to compute a kernel: the shares of the leaves of the parameters, and their sum. */
export interface Rule {
  readonly leaves: <P>(problem: Problem<P>) => readonly Tensor[]
  readonly total: <P>(problem: Problem<P>) => Tensor
}

/** The indices of a kernel: both examples and both outputs. */
export const index = { n: 0, m: 1, o: 2, p: 3 } as const

/** For each form the axes of the kernel, and the names of the outputs of the two Jacobians. */
const layouts = {
  full: { axes: [index.n, index.m, index.o, index.p], left: index.o, right: index.p },
  diag: { axes: [index.n, index.m, index.o], left: index.o, right: index.o },
  mean: { axes: [index.n, index.m], left: index.o, right: index.o }
} as const

/** The layout of a form; a form that is none is an ArgumentError. */
export const layoutOf = (outputs: Outputs): (typeof layouts)[Outputs] =>
  outputs in layouts
    ? layouts[outputs]
    : fail('ArgumentError', 'empiricalNtk', Object.keys(layouts).join(', '), outputs, 'outputs')

export const sum = (shares: readonly Tensor[]): Tensor =>
  shares.reduce((total, share) => ops.add(share)(total))
