import { split } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import * as random from '../graph/random.js'
import type { Tensor } from '../graph/tensor.js'
import type { FullAttack } from './attack.js'
import { projectOnto } from './ball.js'
import { restarts } from './combine.js'
import { iterate } from './iterate.js'
import type { Method } from './method.js'
import { squareL2Method } from './square-l2.js'
import {
  accept,
  imageOf,
  partsOf,
  placed,
  rounded,
  span,
  type SquareControl,
  type SquareMemory,
  type SquareOptions,
  unseen
} from './square-windows.js'

export type { ImageShape, SquareControl, SquareMemory, SquareOptions } from './square-windows.js'

/** Height and width of a window that covers a part of an image: a square, or what the shorter side leaves of it. */
const windowOf = (part: Tensor, rows: number, columns: number): readonly [Tensor, Tensor] => {
  const area = ops.scale(rows * columns)(part)
  const side = ops.max(1)(rounded(ops.sqrt(area)))
  const along = (size: number, other: number): Tensor =>
    ops.min(size)(ops.select(ops.greater(other)(side))(rounded(ops.scale(1 / other)(area)), side))
  return [along(rows, columns), along(columns, rows)]
}

/** The parts of {@link square} in L∞, without its restarts. */
export const squareMethod = (options: Omit<SquareOptions, 'norm'>): Method<SquareMemory, SquareControl> => {
  return {
    ...partsOf('linf', options),
    start: ({ norm, ball, ids }, key) => {
      const { shape } = ball.centre
      const n = shape[0]!
      const [channels, height, width] = imageOf(shape, options.image)
      const columns = ops.reshape([n, channels, 1, width])(random.rademacher([n, channels * width], ids)(key))
      const stripes = ops.reshape(shape)(ops.broadcastTo([n, channels, height, width])(columns))
      const point = projectOnto(norm, ball)(ops.add(ops.mul(ball.epsilon)(stripes))(ball.centre))
      return { point, memory: unseen(point) }
    },
    move: ({ norm, ball, ids }, at, _gradient, memory, { part }, key) => {
      const { shape } = ball.centre
      const n = shape[0]!
      const [channels, rows, columns] = imageOf(shape, options.image)
      const next = accept(at, memory)

      const [forPlace, forSign] = split(2)(key)
      const places = random.uniform([n, 2], ids)(forPlace)
      const [height, width] = windowOf(part, rows, columns)
      const down = span(placed(ops.at(1, 0)(places), height, rows), height, rows)
      const across = span(placed(ops.at(1, 1)(places), width, columns), width, columns)
      const signs = random.rademacher([n, channels], ids)(forSign)
      const signed = ops.reshape(shape)(ops.einsum('nc,nh,nw->nchw')(signs, down, across))
      const corner = projectOnto(norm, ball)(ops.add(ops.mul(ball.epsilon)(signed))(ball.centre))
      return { point: ops.select(ops.abs(signed))(corner, next.accepted), memory: next }
    }
  }
}

/**
 * The Square attack (Andriushchenko, Croce, Flammarion, Hein, arXiv:1912.00049), from logits alone: a random square of the
 * image is changed, and the change stays where it raises the loss, −(z_y − max z_j) unless given. In L∞ it starts with vertical
 * stripes of ±ε and sets squares to a corner of the ball, one sign for each channel; in L2 see {@link squareL2Method}. Squares
 * shrink by the paper's schedule. The model need not be differentiable. A broken sample is frozen. Run it with `attack.run`.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * // A model without a gradient, on images of 2 × 2 pixels as rows
 * const model = () => (x: Tensor) => ops.stack(1)([ops.floor(ops.sum(1)(ops.scale(8)(x))), ops.fill(15, [1])])
 * const square = attack.square({ epsilon: 0.1, steps: 20, image: [1, 2, 2] })(model)
 * const found = evaluateOn(square)({}, { x: ndarray.full([1, 4], 0.5), y: ndarray.of([1], [0]) }, key(0))
 * assert.equal(found.success.data[0], 1)
 */
export const square = (options: SquareOptions): FullAttack =>
  restarts(options.restarts ?? 1)(
    options.norm === 'l2' ? iterate(squareL2Method(options)) : iterate(squareMethod(options))
  )
