import { plain, plainRecord } from '../core/plain.js'
import { pipe } from 'fp-ts/lib/function.js'
import { requireFinite } from '../core/check.js'
import { fail } from '../core/error.js'
import { showShape } from '../core/shape.js'
import { isTensor, type TensorLike, type Tensor } from '../graph/tensor.js'
import type { Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import { random } from '../graph/key.js'
import { requireBox } from '../nn/batch.js'
import type { Box } from '../nn/model.js'
import {
  alongBatch,
  bisect,
  both,
  either,
  flat,
  maxEach,
  norm2,
  sumEach,
  times,
  TINY,
  unit
} from './samples.js'

/** The box [0, 1] of images. */
export const unitBox: Box = [0, 1]

/** The norms in which a perturbation is bounded, by name. */
export const norms = ['linf', 'l2', 'l1'] as const

/** The norms in which a perturbation is bounded. */
export type Norm = (typeof norms)[number]

/** A ball around each example and the box of valid inputs. */
export interface BallOptions {
  /** The radius, in units of the inputs, at least 0; or a tensor: one for all, [], or one for each sample, [n]. */
  readonly epsilon: number | Tensor
  /** @defaultValue `[0, 1]` */
  readonly box?: Box | undefined
}

/**
 * Ball and box around known centres, the radius ready to be broadcast against them. Where an element of a centre is outside
 * the box, its bound is the element itself, so that a radius of 0 is the identity and no point is further outside.
 */
export interface Ball {
  /** The clean inputs, [n, …]. */
  readonly centre: Tensor
  /** The radius: a number, or one for each sample, ready to be broadcast. */
  readonly epsilon: TensorLike
  /** The least and the largest value of every element, of the shape of the centres. */
  readonly low: Tensor
  /** The largest value of every element, of the shape of the centres. */
  readonly high: Tensor
}

/** The ball of the given options around centres; a radius of another shape than [] or [n] is a ShapeError. */
export const ballAround = plain(
  'attack.ball.ballAround',
  (operation: string, options: BallOptions, centre: Tensor): Ball => {
    const { epsilon, box = unitBox } = options
    if (!isTensor(epsilon)) requireFinite(operation, 'epsilon', epsilon, 0)
    const [least, most] = requireBox(operation, box)
    const bounds = { centre, low: ops.min(least)(centre), high: ops.max(most)(centre) }
    if (!isTensor(epsilon) || epsilon.shape.length === 0) return { ...bounds, epsilon }
    const n = centre.shape[0]!
    return epsilon.shape.length === 1 && epsilon.shape[0] === n
      ? { ...bounds, epsilon: alongBatch(centre.shape.length)(epsilon) }
      : fail(
          'ShapeError',
          operation,
          `one radius, [], or one for each sample, [${n}]`,
          showShape(epsilon.shape),
          'epsilon'
        )
  }
)

/** What differs from norm to norm. */
export interface Geometry {
  /** Brings a point back into ball and box. */
  readonly project: (ball: Ball) => (x: Tensor) => Tensor
  /** A uniform point of the ball of radius ε around 0, of the shape of the centres. Noise follows the ids, if any. */
  readonly noise: (ball: Ball, ids: Tensor | undefined, key: Key) => Tensor
  /** The direction of steepest ascent at a point, of norm 1 or, where the gradient is 0, 0. */
  readonly ascent: (gradient: Tensor, at: Tensor, ball: Ball, sparsity: number) => Tensor
}

const projectLinf: Geometry['project'] = ({ centre, epsilon, low, high }) =>
  ops.clip(ops.max(low)(ops.sub(epsilon)(centre)), ops.min(high)(ops.add(epsilon)(centre)))

const projectL2: Geometry['project'] =
  ({ centre, epsilon, low, high }) =>
  (x) => {
    const offset = ops.sub(centre)(x)
    const size = norm2(offset)
    const onto = pipe(offset, ops.mul(ops.reciprocal(ops.max(TINY)(size))), ops.mul(epsilon), ops.add(centre))
    return ops.clip(low, high)(ops.where(ops.greater(epsilon)(size))(onto, x))
  }

/** How often the interval of the multiplier is halved before one secant step: to float32 rounding. */
const HALVINGS = 24

const projectL1: Geometry['project'] =
  ({ centre, epsilon, low, high }) =>
  (x) => {
    const offset = ops.sub(centre)(x)
    const size = ops.abs(offset)
    // how far the box lets each element go in its direction
    const room = ops.where(ops.greater(0)(offset))(ops.sub(centre)(high), ops.sub(low)(centre))
    const shrunk = (multiplier: Tensor): Tensor => ops.min(room)(ops.max(0)(ops.sub(multiplier)(size)))
    const excess = (multiplier: Tensor): Tensor =>
      ops.sub(epsilon)(alongBatch(x.shape.length)(sumEach(shrunk(multiplier))))
    const peak = alongBatch(x.shape.length)(maxEach(size))
    const none = ops.scale(0)(peak)
    const [under, over] = bisect(HALVINGS)((at) => ops.greater(0)(excess(at)))(none, peak)
    // the excess falls linearly between two breakpoints
    const [above, below] = [excess(under), excess(over)]
    const slope = ops.div(ops.max(TINY)(ops.sub(below)(above)))(ops.sub(under)(over))
    const multiplier = ops.max(under)(ops.add(ops.mul(below)(slope))(over))
    const moved = ops.add(ops.mul(ops.sign(offset))(shrunk(multiplier)))(centre)
    return ops.clip(low, high)(ops.where(ops.lessEqual(0)(excess(none)))(x, moved))
  }

const noiseLinf: Geometry['noise'] = ({ centre, epsilon }, ids, key) =>
  pipe(random.uniform(centre.shape, ids)(key), ops.scale(times(2, epsilon)), ops.sub(epsilon))

/**
 * The first d of d + 2 normals, divided by the norm of them all, are uniform in the unit ball (Barthe, Guédon, Mendelson,
 * Naor, "A probabilistic approach to the geometry of the ℓ_p^n-ball", 2005).
 */
const noiseL2: Geometry['noise'] = ({ centre, epsilon }, ids, key) => {
  const [n, size] = flat(centre).shape as [number, number]
  const drawn = unit(2)(random.normal([n, size + 2], ids)(key))
  return pipe(drawn, ops.sliceAxis(-1, 0, size), ops.reshape(centre.shape), ops.mul(epsilon))
}

/** As in L2, with signed exponentials for normals, and one spare instead of two. */
const noiseL1: Geometry['noise'] = ({ centre, epsilon }, ids, key) => {
  const [n, size] = flat(centre).shape as [number, number]
  // 2u − 1 gives the sign, and the rest of it the exponential
  const u = random.uniform([n, size + 1], ids)(key)
  const signs = ops.sub(1)(ops.scale(2)(ops.greaterEqual(0.5)(u)))
  const rest = ops.scale(2)(ops.sub(ops.scale(0.5)(ops.greaterEqual(0.5)(u)))(u))
  const exponentials = ops.neg(ops.log(ops.sub(rest)(ops.ones(rest.shape))))
  const drawn = unit(1)(ops.mul(signs)(exponentials))
  return pipe(drawn, ops.sliceAxis(-1, 0, size), ops.reshape(centre.shape), ops.mul(epsilon))
}

/** The gradient without the elements that a step up would only push against the box. */
const movable = (gradient: Tensor, at: Tensor, { low, high }: Ball): Tensor => {
  const stuck = either(
    both(ops.greater(0)(gradient), ops.greaterEqual(high)(at)),
    both(ops.less(0)(gradient), ops.lessEqual(low)(at))
  )
  return ops.where(stuck)(0, gradient)
}

/** The signs of the largest elements of each sample, divided by their number: exactly k of them, zeros left out. */
const ascentL1: Geometry['ascent'] = (gradient, at, ball, sparsity) => {
  const rows = flat(movable(gradient, at, ball))
  const size = rows.shape[1]!
  const k = Math.min(size, Math.max(1, Math.round(sparsity * size)))
  const chosen = pipe(rows, ops.sign, ops.mul(ops.topKMask(k)(ops.abs(rows))))
  const count = ops.max(1)(sumEach(ops.abs(chosen)))
  return ops.reshape(gradient.shape)(ops.div(alongBatch(2)(count))(chosen))
}

/** The table of norms. */
export const geometry: { readonly [N in Norm]: Geometry } = {
  linf: plainRecord('attack.ball.geometry', {
    project: projectLinf,
    noise: noiseLinf,
    ascent: (gradient) => ops.sign(gradient)
  }),
  l2: plainRecord('attack.ball.geometry', {
    project: projectL2,
    noise: noiseL2,
    ascent: (gradient) => unit(2)(gradient)
  }),
  l1: plainRecord('attack.ball.geometry', { project: projectL1, noise: noiseL1, ascent: ascentL1 })
}

/** The projection for a ball that is already around its centres. */
export const projectOnto = plain(
  'attack.ball.projectOnto',
  (norm: Norm, ball: Ball): ((x: Tensor) => Tensor) => geometry[norm].project(ball)
)

/** The start of attacks with a random one: a point of the ball, uniform by its norm, brought into the box. */
export const randomPoint = plain(
  'attack.ball.randomPoint',
  (
    { norm, ball, ids }: { readonly norm: Norm; readonly ball: Ball; readonly ids: Tensor | undefined },
    key: Key
  ): Tensor => projectOnto(norm, ball)(ops.add(geometry[norm].noise(ball, ids, key))(ball.centre))
)

const projection =
  (norm: Norm) =>
  (options: BallOptions) =>
  (centre: Tensor): ((x: Tensor) => Tensor) =>
    projectOnto(norm, ballAround(`attack.ball.${norm}`, options, centre))

/**
 * The projection onto the L∞ ball around `centre` within the box: `linf(options)(centre)(x)`.
 * It clips to max(centre − ε, low) and min(centre + ε, high), so in float32 it misses the ball by a rounding of each
 * bound at most, and with ε = 0 it is the centre exactly. The nearest point of ball ∩ box in every Lp norm.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, ndarray, type Tensor } from 'tangentflow'
 *
 * const project = (c: Tensor, x: Tensor) => attack.ball.linf({ epsilon: 0.25 })(c)(x)
 * const out = evaluateOn(project)(ndarray.fromNested([0.5, 0.9]), ndarray.fromNested([0, 2]))
 * assert.deepEqual(ndarray.toNested(out), [0.25, 1])
 */
export const linf = plain('attack.ball.linf', projection('linf'))

/**
 * The projection onto the L2 ball of each sample (axis 0), x ← c + (x − c) min(1, ε / ‖x − c‖₂), then onto the box. The
 * nearest point of the ball; the clip that follows stays inside it, because the box has room for the centre.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, ndarray, type Tensor } from 'tangentflow'
 *
 * const project = (c: Tensor, x: Tensor) => attack.ball.l2({ epsilon: 0.5 })(c)(x)
 * const out = evaluateOn(project)(ndarray.fromNested([[0, 0]]), ndarray.fromNested([[0.6, 0.8]]))
 * assert.ok(Math.abs(out.data[0]! - 0.3) < 1e-12 && Math.abs(out.data[1]! - 0.4) < 1e-12)
 */
export const l2 = plain('attack.ball.l2', projection('l2'))

/**
 * The nearest point, in L2, of the L1 ball of each sample within the box (Croce and Hein, arXiv:2103.01208, Prop. 2.1):
 * every element of x − c is shrunk by one multiplier and cut at the box, and the multiplier at which Σ = ε is found by
 * bisection and a secant step, a fixed number of operations. With ε = 0 it is the centre exactly.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, ndarray, type Tensor } from 'tangentflow'
 *
 * const project = (c: Tensor, x: Tensor) => attack.ball.l1({ epsilon: 0.5 })(c)(x)
 * const out = evaluateOn(project)(ndarray.fromNested([[0.25, 0.9]]), ndarray.fromNested([[0.75, 1.75]]))
 * // the box leaves the second element 0.1, and the first takes what is left of 0.5
 * assert.ok(Math.abs(out.data[0]! - 0.65) < 1e-7 && Math.abs(out.data[1]! - 1) < 1e-7)
 */
export const l1 = plain('attack.ball.l1', projection('l1'))
