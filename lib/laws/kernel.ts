import { plain } from '../core/plain.js'
import { fail } from '../core/error.js'
import { option, type OptionKinds } from '../core/options.js'
import { permutation } from '../core/key.js'
import type { NdArray } from '../core/ndarray.js'
import { showShape } from '../core/shape.js'
import { table, type Tensor } from '../graph/tensor.js'
import { evaluateOn } from '../graph/evaluate.js'
import { ops } from '../graph/ops/index.js'
import type { Concrete, Specs } from '../graph/spec.js'
import * as tree from '../graph/tree.js'
import { casesOf, child } from './arbitraries.js'
import { bind, functionsAgree, functionsAgreeAt, judge } from './compare.js'
import { law, lawKinds, lawOptionsOf, type LawOptions, type LawReport, measured, redraw } from './law.js'
import { isSymmetricPsd } from './is-symmetric-psd.js'

/** A kernel between two sets of examples: `mean`, [n1, n2], or `full`, [n1, n2, outputs, outputs]. */
type Kernel<P> = (params: P, x1: Tensor, x2: Tensor) => Tensor

type KernelSpecs<P> = Specs<readonly [P, Tensor, Tensor]>

/** The kernel with its examples exchanged. */
const turned = (kernel: Tensor): Tensor =>
  ops.transpose(kernel.shape.map((_, axis) => (axis < 2 ? 1 - axis : axis)))(kernel)

/** The kernel with both arguments exchanged: examples and, where there are two, outputs. */
const exchanged = (kernel: Tensor): Tensor =>
  kernel.shape.length === 4 ? ops.transpose([1, 0, 3, 2])(kernel) : turned(kernel)

/**
 * Θ(X, Y) = Θ(Y, X)ᵀ, for every form of kernel.
 *
 * @example
 * import assert from 'node:assert'
 * import { ops, spec, type Tensor } from 'tangentflow'
 * import { kernelTransposes } from 'tangentflow/laws'
 *
 * const linear = (w: Tensor, x: Tensor, y: Tensor) => ops.einsum('i,ni,mi->nm')(w, x, y)
 * assert.equal(kernelTransposes(linear, [spec([3]), spec([4, 3]), spec([2, 3])], { runs: 20 }).runs, 20)
 */
export const kernelTransposes = <P>(
  kernel: Kernel<P>,
  specs: KernelSpecs<P>,
  options?: LawOptions
): LawReport =>
  functionsAgree(
    'Θ(X, Y) = Θ(Y, X)ᵀ',
    (p: P, x: Tensor, y: Tensor) => kernel(p, x, y),
    (p: P, x: Tensor, y: Tensor) => exchanged(kernel(p, y, x)),
    specs,
    options
  )

/** How the eigenvalues of a kernel are checked. */
export interface PsdOptions extends LawOptions {
  /**
   * The largest number of eigenvalues that are not 0: for a tangent kernel, the number of parameters.
   *
   * @defaultValue no bound
   */
  readonly rank?: number
  /**
   * The magnitude, relative to the largest eigenvalue, up to which an eigenvalue counts as 0.
   *
   * @defaultValue 1e-10
   */
  readonly tolerance?: number
}

const kinds: OptionKinds<PsdOptions> = { ...lawKinds, rank: option.natural, tolerance: option.finite }

/**
 * Θ(X, X), flattened to a matrix over examples and outputs, is symmetric and positive semi-definite, and its rank is at
 * most the number of parameters.
 *
 * @example
 * import assert from 'node:assert'
 * import { ops, spec, type Tensor } from 'tangentflow'
 * import { kernelIsPsd } from 'tangentflow/laws'
 *
 * const linear = (_: Tensor, x: Tensor, y: Tensor) => ops.einsum('ni,mi->nm')(x, y)
 * assert.equal(kernelIsPsd(linear, [spec([3]), spec([5, 3])], { rank: 3, runs: 20 }).runs, 20)
 */
export const kernelIsPsd = plain(
  'laws.kernelIsPsd',
  <P>(kernel: Kernel<P>, specs: Specs<readonly [P, Tensor]>, options: PsdOptions = {}): LawReport => {
    const { rank = Infinity, tolerance = 1e-10 } = options
    return law(
      'Θ(X, X) is symmetric and positive semi-definite',
      casesOf(specs),
      ({ args }) => {
        const self = (p: P, x: Tensor): Tensor => kernel(p, x, x)
        const report = isSymmetricPsd(evaluateOn(self)(...(args as Concrete<[P, Tensor]>)), tolerance)
        const { asymmetry, smallest, largest } = report
        const scale = Math.max(Math.abs(smallest), Math.abs(largest))
        if (scale === 0) return redraw('the kernel is 0')
        return report.rank > rank
          ? measured('the rank', report.rank, rank)
          : measured('symmetry or the smallest eigenvalue', Math.max(asymmetry, -smallest / scale), tolerance)
      },
      lawOptionsOf('kernelIsPsd', kinds, options)
    )
  }
)

/** A kernel in each of its forms. */
export type KernelForms<P> = (outputs: 'full' | 'diag' | 'mean') => Kernel<P>

/** `diag` is the diagonal of `full` over outputs, and `mean` the mean of `diag`. */
export const kernelFormsAgree = <P>(
  forms: KernelForms<P>,
  specs: KernelSpecs<P>,
  options?: LawOptions
): LawReport =>
  functionsAgree(
    'diag and mean are parts of full',
    (p: P, x: Tensor, y: Tensor) => [forms('diag')(p, x, y), forms('mean')(p, x, y)],
    (p: P, x: Tensor, y: Tensor) => {
      const full = forms('full')(p, x, y)
      return [ops.einsum('nmoo->nmo')(full), ops.scale(1 / full.shape[3]!)(ops.einsum('nmoo->nm')(full))]
    },
    specs,
    options
  )

/** The examples in the order of a permutation. */
const reordered =
  (order: Int32Array) =>
  (x: Tensor): Tensor => {
    const n = order.length
    const rows = table(
      [n, n],
      Array.from({ length: n * n }, (_, at) => (order[Math.floor(at / n)] === at % n ? 1 : 0))
    )
    const flat = ops.matmul(ops.reshape([n, -1])(x))(rows)
    return ops.reshape(x.shape)(flat)
  }

/** Permuted examples give the kernel with its rows and columns permuted. */
export const kernelOfPermutedInputs = plain(
  'laws.kernelOfPermutedInputs',
  <P>(kernel: Kernel<P>, specs: KernelSpecs<P>, options?: LawOptions): LawReport =>
    law(
      'Θ(πX, σY) = π Θ(X, Y) σᵀ',
      casesOf(specs),
      (drawn) => {
        const [, x1, x2] = drawn.args as Concrete<readonly [P, Tensor, Tensor]>
        const order = (x: NdArray, index: number): ((x: Tensor) => Tensor) =>
          reordered(permutation(child(drawn.source, index), x.shape[0]!))
        const [rows, columns] = [order(x1, 0), order(x2, 1)]
        return functionsAgreeAt(
          (p: P, x: Tensor, y: Tensor) => kernel(p, rows(x), columns(y)),
          (p: P, x: Tensor, y: Tensor) => turned(columns(turned(rows(kernel(p, x, y))))),
          drawn
        )
      },
      options
    )
)

/** Θ(x, y)² ≤ Θ(x, x) Θ(y, y), for kernels [n1, n2]: `mean`, or of one output. */
export const boundedByDiagonal = <P>(
  kernel: Kernel<P>,
  specs: KernelSpecs<P>,
  options?: LawOptions
): LawReport =>
  law(
    'Θ(x, y)² ≤ Θ(x, x) Θ(y, y)',
    casesOf(specs),
    ({ args }) => {
      const all = (p: P, x: Tensor, y: Tensor): readonly Tensor[] => {
        const cross = kernel(p, x, y)
        if (cross.shape.length !== 2)
          fail('ShapeError', 'boundedByDiagonal', 'a kernel [n1, n2]', showShape(cross.shape))
        const diagonal = (z: Tensor): Tensor => ops.einsum('nn->n')(kernel(p, z, z))
        return [ops.mul(cross)(cross), ops.einsum('n,m->nm')(diagonal(x), diagonal(y))]
      }
      const judged = judge(bind(all, args))
      if (judged === undefined) return redraw('a decision depends on rounding')
      const [square, bound] = judged.outputs
      const excess = Math.max(...Array.from(square!.data, (value, i) => value - bound!.data[i]!))
      return measured('an entry', Math.max(0, excess), judged.slack[0]! + judged.slack[1]!)
    },
    options
  )

/** Θ at c·θ is c^degree Θ at θ for c > 0: 2(L − 1) for L layers without biases and a positively homogeneous activation. */
export const homogeneous = <P>(
  kernel: Kernel<P>,
  degree: number,
  specs: KernelSpecs<P>,
  options?: LawOptions
): LawReport =>
  functionsAgree(
    `Θ at 2θ is 2^${degree} Θ`,
    (p: P, x: Tensor, y: Tensor) => kernel(tree.map(ops.scale(2))(p), x, y),
    (p: P, x: Tensor, y: Tensor) => ops.scale(2 ** degree)(kernel(p, x, y)),
    specs,
    options
  )
