import { pipe } from 'fp-ts/lib/function.js'
import { sizeOf } from '../core/shape.js'
import type { Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import * as random from '../graph/random.js'
import type { Tensor } from '../graph/tensor.js'
import { type Ball, type Norm, projectOnto } from './ball.js'
import { alongBatch, both, either, flat, sumEach, times, unit } from './rows.js'

/** What gradient attacks do differently in each norm. */
export interface Geometry {
  /** A uniform point of the ball of radius ε around 0, of the shape of the centres. Noise follows the ids, if any. */
  readonly noise: (ball: Ball, ids: Tensor | undefined, key: Key) => Tensor
  /** The direction of steepest ascent at a point, of norm 1 or, where the gradient is 0, 0. */
  readonly ascent: (gradient: Tensor, at: Tensor, ball: Ball, sparsity: number) => Tensor
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
const movable = (gradient: Tensor, at: Tensor, { box }: Ball): Tensor => {
  const stuck = either(
    both(ops.greater(0)(gradient), ops.greaterEqual(box[1])(at)),
    both(ops.less(0)(gradient), ops.lessEqual(box[0])(at))
  )
  return ops.select(stuck)(0, gradient)
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
  linf: { noise: noiseLinf, ascent: (gradient) => ops.sign(gradient) },
  l2: { noise: noiseL2, ascent: (gradient) => unit(2)(gradient) },
  l1: { noise: noiseL1, ascent: ascentL1 }
}

/** Where attacks with a random start begin: a point of the ball, uniform by its norm, brought into the box. */
export const randomPoint = (
  { norm, ball, ids }: { readonly norm: Norm; readonly ball: Ball; readonly ids: Tensor | undefined },
  key: Key
): Tensor => projectOnto(norm, ball)(ops.add(geometry[norm].noise(ball, ids, key))(ball.centre))

/** The number of elements of one sample. */
export const sampleSize = (x: Tensor): number => sizeOf(x.shape.slice(1))
