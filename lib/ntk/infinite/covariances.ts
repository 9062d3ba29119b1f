import { fail } from '../../core/error.js'
import { requireShape, type Shape, showShape } from '../../core/shape.js'
import { straightThrough } from '../../diff/index.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import { type CorrelationGaps, preciseAs, reciprocalRootOf, rootOf } from './arc-cosine.js'
import { mapCorrelation, roundedCorrelation, vectorCorrelation } from './correlation.js'

/** Which pixels of two images are paired: all with all, or each with the pixel at the same place. */
export type Spatial = 'full' | 'diagonal'

/** The axes of a kernel after its batch axes: none, [h, w], or [h, w, h, w] (pixel of the first image, then of the second). */
export type Form = 'vector' | Spatial

/**
 * The state of an infinitely wide network at one depth, on two batches: covariances of one hidden unit over random
 * parameters, the same for every unit. The axes of the batches come first, then those of the form.
 */
export interface Covariances {
  /** E f(x1) f(x2), [n1, n2, …]. */
  readonly nngp: Tensor
  /** The correlation of the units of two examples, in the axes of `nngp`. Derivatives take that of `nngp`. */
  readonly correlation: CorrelationGaps
  /** The neural tangent kernel of the layers so far, [n1, n2, …]. */
  readonly ntk: Tensor
  /** E f(x1) f(x1) within each example of the first batch, [n1, …], and of the second, [n2, …]. */
  readonly own1: Tensor
  readonly own2: Tensor
  readonly form: Form
  /** Whether both batches are the same tensor, so that the diagonal pairs equal numbers. */
  readonly symmetric: boolean
  /** Whether units are Gaussian over random parameters: true after an affine layer, false after an activation. */
  readonly gaussian: boolean
}

type Own = Pick<Covariances, 'own1' | 'own2'>

/** Applies a map to the covariances within examples, once if both batches share them. */
export const mapOwn =
  (f: (own: Tensor) => Tensor) =>
  ({ own1, own2 }: Own): Own => {
    const first = f(own1)
    return { own1: first, own2: own2 === own1 ? first : f(own2) }
  }

/** Applies a linear map to every covariance: t ↦ f(t, number of batch axes). */
export const mapEach =
  (f: (t: Tensor, batchAxes: number) => Tensor) =>
  <S extends Pick<Covariances, 'nngp' | 'ntk'> & Own>(state: S): S => ({
    ...state,
    nngp: f(state.nngp, 2),
    ntk: f(state.ntk, 2),
    ...mapOwn((own) => f(own, 1))(state)
  })

/** The pairs of pixels at the same place: [h, w, h, w] → [h, w]. */
const ownPixels = (t: Tensor, batchAxes: number): Tensor =>
  batchAxes === 1 ? ops.einsum('nhwhw->nhw')(t) : ops.einsum('nmhwhw->nmhw')(t)

/** The covariances of equal pixels only. */
export const toDiagonal = (state: Covariances): Covariances =>
  state.form === 'full'
    ? {
        ...mapEach(ownPixels)(state),
        correlation: mapCorrelation(state.correlation, (t) => ownPixels(t, 2)),
        form: 'diagonal'
      }
    : state

/** The variance of every unit of one batch: [n] or [n, h, w]. */
const variances = (own: Tensor, form: Form): Tensor => (form === 'full' ? ownPixels(own, 1) : own)

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

/** The covariances of the inputs themselves: the mean of x·x′ over features or channels, and an NTK of 0. */
export const inputCovariances = (x1: Tensor, x2: Tensor, spatial: Spatial): Covariances => {
  const [one, two] = [exampleOf(x1, 'x1'), exampleOf(x2, 'x2')]
  requireShape(operation, 'x2', two, one, 'examples')
  const form = one.length === 1 ? 'vector' : spatial
  const { cross, own } = equations[form]
  const mean = ops.div(one[0]!)
  const nngp = mean(ops.einsum(cross)(x1, x2))
  const diagonal = form === 'full' ? equations.diagonal.own : own
  const [first, second] = acrossBatches(form)
  const products = ops.einsum(diagonal)
  return {
    nngp,
    correlation: vectorCorrelation(x1, x2, {
      cross: ops.einsum(cross),
      own: [(x, y) => first(products(x, y)), (x, y) => second(products(x, y))]
    }),
    ntk: ops.fill(0, nngp.shape),
    ...mapOwn((x) => mean(ops.einsum(own)(x, x)))({ own1: x1, own2: x2 }),
    form,
    symmetric: x1 === x2,
    gaussian: false
  }
}

/**
 * Pairs of zero-mean Gaussian numbers: standard deviations a and b, correlation c. They broadcast to the shape of c. With c
 * in place of the covariance, a caller can state exactly that two numbers are one.
 */
export interface GaussianPairs {
  readonly a: Tensor
  readonly b: Tensor
  readonly c: CorrelationGaps
}

/** Reshapes one number for each unit of a batch to the axes of that batch in a kernel. */
type Side = (perUnit: Tensor) => Tensor

const side =
  (place: (examples: number, pixels: Shape) => Shape): Side =>
  (t) =>
    ops.reshape(place(t.shape[0]!, t.shape.slice(1)))(t)

const single = (pixels: Shape): Shape => pixels.map(() => 1)

/** The axes of the units of the first and the second batch in a kernel [n1, n2, …form]. */
const acrossBatches = (form: Form): readonly [Side, Side] =>
  form === 'full'
    ? [side((n, at) => [n, 1, ...at, ...single(at)]), side((n, at) => [1, n, ...single(at), ...at])]
    : [side((n, at) => [n, 1, ...at]), side((n, at) => [1, n, ...at])]

/** The axes of the pixels of the first and the second copy of an image in [n, h, w, h, w]. */
const withinImage: readonly [Side, Side] = [
  side((n, at) => [n, ...at, ...single(at)]),
  side((n, at) => [n, ...single(at), ...at])
]

/** [h, w, h, w]: 1 where both pixels are the same. */
const equalPixels = (h: number, w: number): Tensor =>
  ops.mul(ops.reshape([h, 1, h, 1])(ops.eye(h)))(ops.reshape([1, w, 1, w])(ops.eye(w)))

/** 1 where a kernel of one batch with itself pairs a unit with itself: equal examples and equal pixels. */
const equalUnits = ([n, , h, w, ...more]: Shape): Tensor => {
  const rest = h === undefined ? [] : more.length === 0 ? [1, 1] : [1, 1, 1, 1]
  const examples = ops.reshape([n!, n!, ...rest])(ops.eye(n!))
  return more.length === 0 ? examples : ops.mul(equalPixels(h!, w!))(examples)
}

/**
 * Clips what rounding moves out of [−1, 1]. The derivative stays 1: there the correlation is at its extreme, where its
 * first derivative is 0 and its second one is not.
 */
const within = straightThrough(ops.clip(-1, 1))

/** The correlation of a covariance, given 1/a and 1/b, with derivatives; to the digits of another, where that is given. */
const correlationOf = (
  covariance: Tensor,
  perA: Tensor,
  perB: Tensor,
  precise: CorrelationGaps = roundedCorrelation(covariance, perA, perB)
): CorrelationGaps => {
  const c = within(ops.mul(ops.mul(perB)(perA))(covariance))
  return {
    below: preciseAs(precise.below, ops.sub(c)(ops.ones(c.shape))),
    above: preciseAs(precise.above, ops.add(1)(c))
  }
}

/** Exactly c = 1 where `equal` marks both units as the same. */
const withEqual = ({ below, above }: CorrelationGaps, equal: Tensor): CorrelationGaps => {
  const mark = ops.broadcastTo(below.shape)(equal)
  return { below: ops.where(mark)(0, below), above: ops.where(mark)(2, above) }
}

/** The standard deviations of the units of both batches, in the axes of a kernel. */
export const deviationsOf = ({
  own1,
  own2,
  form
}: Pick<Covariances, 'own1' | 'own2' | 'form'>): readonly [Tensor, Tensor] => {
  const [first, second] = acrossBatches(form)
  return [first(rootOf(variances(own1, form))), second(rootOf(variances(own2, form)))]
}

/** The pairs of units of the first and the second batch. */
export const acrossPairs = (state: Covariances): GaussianPairs => {
  const { nngp, correlation, own1, own2, form, symmetric } = state
  const [first, second] = acrossBatches(form)
  const [perA, perB] = [
    first(reciprocalRootOf(variances(own1, form))),
    second(reciprocalRootOf(variances(own2, form)))
  ]
  const [a, b] = deviationsOf(state)
  const precise = symmetric ? withEqual(correlation, equalUnits(nngp.shape)) : correlation
  return { a, b, c: correlationOf(nngp, perA, perB, precise) }
}

/** The correlation as covariances and variances give it, after a layer that mixes units that are correlated. */
export const withRoundedCorrelation = (state: Omit<Covariances, 'correlation'>): Covariances => {
  const { nngp, own1, own2, form } = state
  const [first, second] = acrossBatches(form)
  const perA = first(reciprocalRootOf(variances(own1, form)))
  const perB = second(reciprocalRootOf(variances(own2, form)))
  return { ...state, correlation: roundedCorrelation(nngp, perA, perB) }
}

/** The pairs of units within each example of one batch: every two pixels, or each unit with itself. */
export const ownPairs = (own: Tensor, form: Form): GaussianPairs => {
  const q = variances(own, form)
  if (form !== 'full')
    return { a: rootOf(q), b: rootOf(q), c: { below: ops.fill(0, q.shape), above: ops.fill(2, q.shape) } }
  const [first, second] = withinImage
  const [perA, perB] = [first(reciprocalRootOf(q)), second(reciprocalRootOf(q))]
  const rounded = withEqual(roundedCorrelation(own, perA, perB), equalPixels(own.shape[1]!, own.shape[2]!))
  return { a: first(rootOf(q)), b: second(rootOf(q)), c: correlationOf(own, perA, perB, rounded) }
}

/** The mean of a kernel of one batch with itself and its transpose, so that the two orders of a pair give the same bits. */
export const symmetrised = (t: Tensor): Tensor => {
  const turned = [1, 0, 4, 5, 2, 3].slice(0, t.shape.length)
  const order = t.shape.length === 4 ? [1, 0, 2, 3] : turned
  return ops.scale(0.5)(ops.add(ops.transpose(order)(t))(t))
}
