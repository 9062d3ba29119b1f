import { fail } from '../../core/error.js'
import { type Shape, showShape } from '../../core/shape.js'
import * as ops from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'

/** Which pixels of two images are paired: every one with every one, or each with the one in its own place. */
export type Spatial = 'full' | 'diagonal'

/** How a kernel lies after its batch axes: nothing, [h, w], or [h, w, h, w] (first image's pixel, then second's). */
export type Form = 'vector' | Spatial

/**
 * What is known, at one depth, of the infinitely wide network on two batches: covariances of one hidden unit over random
 * parameters, the same for every unit. Leading axes are those of the batches, then come those of the form.
 */
export interface Covariances {
  /** E f(x1) f(x2), [n1, n2, …]. */
  readonly nngp: Tensor
  /** The neural tangent kernel of the layers so far, [n1, n2, …]. */
  readonly ntk: Tensor
  /** E f(x1) f(x1) within each example of the first batch, [n1, …], and of the second, [n2, …]. */
  readonly own1: Tensor
  readonly own2: Tensor
  readonly form: Form
  /** Whether both batches are one tensor, so that the diagonal pairs numbers that are equal. */
  readonly symmetric: boolean
  /** Whether units are Gaussian over random parameters: true after an affine layer, false after an activation. */
  readonly gaussian: boolean
}

/** The same linear map of every covariance: t ↦ f(t, number of batch axes). */
export const mapEach =
  (f: (t: Tensor, batchAxes: number) => Tensor) =>
  (state: Covariances): Covariances => {
    const own1 = f(state.own1, 1)
    return {
      ...state,
      nngp: f(state.nngp, 2),
      ntk: f(state.ntk, 2),
      own1,
      own2: state.own2 === state.own1 ? own1 : f(state.own2, 1)
    }
  }

/** Each pixel with the one in its own place: [h, w, h, w] → [h, w]. */
const ownPixels = (t: Tensor, batchAxes: number): Tensor =>
  batchAxes === 1 ? ops.einsum('nhwhw->nhw')(t) : ops.einsum('nmhwhw->nmhw')(t)

/** From every pair of pixels to equal pixels only. */
export const toDiagonal = (state: Covariances): Covariances =>
  state.form === 'full' ? { ...mapEach(ownPixels)(state), form: 'diagonal' } : state

/** The variance of every unit of one batch: [n] or [n, h, w]. */
export const variances = (own: Tensor, form: Form): Tensor => (form === 'full' ? ownPixels(own, 1) : own)

const equations: {
  readonly [F in Form]: { readonly cross: string; readonly own: string }
} = {
  vector: { cross: 'na,ma->nm', own: 'na,na->n' },
  diagonal: { cross: 'nahw,mahw->nmhw', own: 'nahw,nahw->nhw' },
  full: { cross: 'nahw,maij->nmhwij', own: 'nahw,naij->nhwij' }
}

const operation = 'infinite.kernel'

const exampleOf = (x: Tensor, where: string): Shape =>
  x.shape.length === 2 || x.shape.length === 4
    ? x.shape.slice(1)
    : fail(
        'ShapeError',
        operation,
        'inputs [n, features] or [n, channels, height, width]',
        showShape(x.shape),
        where
      )

/** The covariances of the inputs themselves, which no parameter moves: x·x′ over features or channels, averaged. */
export const ofInputs = (x1: Tensor, x2: Tensor, spatial: Spatial): Covariances => {
  const [one, two] = [exampleOf(x1, 'x1'), exampleOf(x2, 'x2')]
  if (showShape(one) !== showShape(two))
    return fail('ShapeError', operation, `examples ${showShape(one)}`, showShape(two), 'x2')
  const form = one.length === 1 ? 'vector' : spatial
  const { cross, own } = equations[form]
  const mean = ops.scale(1 / one[0]!)
  const nngp = mean(ops.einsum(cross)(x1, x2))
  const own1 = mean(ops.einsum(own)(x1, x1))
  return {
    nngp,
    ntk: ops.fill(0, nngp.shape),
    own1,
    own2: x1 === x2 ? own1 : mean(ops.einsum(own)(x2, x2)),
    form,
    symmetric: x1 === x2,
    gaussian: false
  }
}
