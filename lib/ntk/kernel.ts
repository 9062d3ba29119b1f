import { fail } from '../core/error.js'
import { showShape } from '../core/shape.js'
import { jacrev, jvp, vjp, vmap } from '../diff/index.js'
import { contract } from '../graph/contract.js'
import * as ops from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import type { Model } from '../nn/batch.js'

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

/** Which kernel is wanted. */
export interface KernelOptions extends MaskedOptions {
  /**
   * `full`: [n1, n2, outputs, outputs] (the default); `diag`: its diagonal over outputs, [n1, n2, outputs]; `mean`:
   * its trace over outputs divided by their number, [n1, n2].
   */
  readonly outputs?: 'full' | 'mean' | 'diag'
}

/**
 * A mask: a part of the parameter tree with one number for each covered parameter. What it lacks (biases, as a rule) is
 * unmasked.
 */
export type MaskTree = object

/** The outputs of one example, [outputs]. */
const single =
  <P>(model: Model<P>) =>
  (params: P, x: Tensor): Tensor => {
    const out = model(params)(ops.expandDims(0)(x))
    return out.shape.length === 2 && out.shape[0] === 1
      ? ops.squeeze(0)(out)
      : fail('ShapeError', 'ntk', 'a model with outputs [n, outputs]', showShape(out.shape))
  }

/** ∇f of every example: the parameter tree with leaves [n, outputs, …leaf]. */
export const jacobians = <P>(model: Model<P>, params: P, x: Tensor): P =>
  vmap((example: Tensor) => jacrev((p: P) => single(model)(p, example))(params))(x)

const layouts = {
  full: { operands: ['n', 'm', 'o', 'p'], left: 'o', right: 'p' },
  diag: { operands: ['n', 'm', 'o'], left: 'o', right: 'o' },
  mean: { operands: ['n', 'm'], left: 'o', right: 'o' }
} as const

/** One leaf's share of the kernel as ONE contraction, so that the path search may never form the Jacobians. */
const leafKernel = (
  outputs: 'full' | 'mean' | 'diag',
  j1: Tensor,
  j2: Tensor,
  masks: readonly Tensor[]
): Tensor => {
  const index = { n: 0, m: 1, o: 2, p: 3 }
  const { operands, left, right } = layouts[outputs]
  const inner = j1.shape.slice(2)
  const leaf = inner.map((_, axis) => 4 + axis)
  return contract(
    [j1, ...masks, j2],
    [[index.n, index[left], ...leaf], ...masks.map(() => leaf), [index.m, index[right], ...leaf]],
    operands.map((name) => index[name]),
    [j1.shape[0]!, j2.shape[0]!, j1.shape[1]!, j2.shape[1]!, ...inner]
  )
}

/** How often a mask stands between the Jacobians. */
const powers: { readonly [F in MaskForm]: number } = { restricted: 2, linear: 1, ambient: 0 }

/** m∘θ at the covered leaves. */
export const masked = <P>(params: P, mask: MaskTree | undefined): P =>
  mask === undefined ? params : tree.zipPart(mask, (p, m) => ops.mul(m)(p))(params)

/**
 * The empirical neural tangent kernel Θ(x1, x2) = ∇f(x1) ∇f(x2)ᵀ (Jacot, Gabriel, Hongler, arXiv:1806.07572), summed
 * over all parameters; x2 = x1 unless given. With a mask, the kernel of the masked network, see {@link MaskForm}.
 * Everything is an argument, so kernels can be differentiated. Layouts: see {@link KernelOptions}.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, key, ndarray, nn, ntk, type Tensor } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(3))
 * const kernel = (p: nn.Params, x: Tensor) => ntk.empiricalNtk(net.apply, { outputs: 'mean' })(p, x)
 * const x = ndarray.fromNested([[1, 2], [0, 1]])
 * // a linear model with a bias: Θ(x, x′) = x·x′ + 1
 * assert.deepEqual(ndarray.toNested(evaluateOn(kernel)(net.init(key(0), [2]), x)), [[6, 3], [3, 2]])
 */
export const empiricalNtk =
  <P>(model: Model<P>, { outputs = 'full', mask: form = 'restricted' }: KernelOptions = {}) =>
  (params: P, x1: Tensor, x2: Tensor = x1, mask?: MaskTree): Tensor => {
    const effective = masked(params, mask)
    const j1 = jacobians(model, effective, x1)
    const j2 = x2 === x1 ? j1 : jacobians(model, effective, x2)
    const masks = tree.pairs('empiricalNtk', params, mask ?? [])
    const right = tree.tensors(j2)
    const kernel = tree
      .tensors(j1)
      .map((left, l) => {
        const m = masks[l]!.match
        return leafKernel(
          outputs,
          left,
          right[l]!,
          m === undefined ? [] : new Array<Tensor>(powers[form]).fill(m)
        )
      })
      .reduce((total, share) => ops.add(share)(total))
    return outputs === 'mean' ? ops.scale(1 / tree.tensors(j1)[0]!.shape[1]!)(kernel) : kernel
  }

/**
 * Θ(x1, x2) v without any kernel or Jacobian: one vector–Jacobian product at x2 and one Jacobian–vector product at
 * x1. v is [n2, outputs], the result [n1, outputs]: Σ_mp Θ[n, m, o, p] v[m, p]. Masks as in {@link empiricalNtk}.
 */
export const ntkVectorProduct =
  <P>(model: Model<P>, { mask: form = 'restricted' }: MaskedOptions = {}) =>
  (params: P, x1: Tensor, x2: Tensor, v: Tensor, mask?: MaskTree): Tensor => {
    const effective = masked(params, mask)
    const gradient = vjp((p: P) => model(p)(x2))(effective)[1](v)
    const times = (g: P): P => masked(g, mask)
    const direction = Array.from({ length: powers[form] }).reduce<P>(times, gradient)
    return jvp((p: P) => model(p)(x1))(effective, direction)[1]
  }

/** ‖a − b‖ / ‖b‖ over all elements: how far a kernel (or an output) is from the one it should match. */
export const relativeDistance =
  (b: Tensor) =>
  (a: Tensor): Tensor => {
    const d = ops.sub(b)(a)
    return ops.sqrt(ops.div(ops.dot(b)(b))(ops.dot(d)(d)))
  }
