import { pipe } from 'fp-ts/lib/function.js'
import { of } from '../core/ndarray.js'
import { isTensor, type TensorLike, type Tensor } from '../graph/tensor.js'
import { type Key, split } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import { random } from '../graph/key.js'
import { projectOnto } from './ball.js'
import type { Goal } from './goal.js'
import { chooseEach, norm2, not, unit } from './samples.js'

/** A sample as an image: channels, height, width. */
export type ImageShape = readonly [channels: number, height: number, width: number]

/** What Square does differently in each norm; `image` is the layout of a sample. */
export interface Proposals {
  /** The first offset from the centres, in units of ε, of their shape. */
  readonly pattern: (goal: Goal, image: ImageShape, key: Key) => Tensor
  /** The accepted point with squares changed that cover a fraction, a scalar, of the image. */
  readonly propose: (goal: Goal, image: ImageShape, accepted: Tensor, part: Tensor, key: Key) => Tensor
}

/** The point at an offset from the centres, brought back into ball and box. */
export const pointAt = ({ norm, ball }: Goal, offset: Tensor): Tensor =>
  projectOnto(norm, ball)(ops.add(offset)(ball.centre))

/** 1 at the `length` places of an axis of the given size from `start`, [n], on: [n, size]. */
const span = (start: Tensor, length: Tensor, size: number): Tensor => {
  const from = ops.sub(ops.expandDims(-1)(start))(ops.iota([start.shape[0]!, size], 1))
  return ops.mul(ops.greaterEqual(0)(from))(ops.less(length)(from))
}

/** The place of each window, [n], all places equally likely, from uniforms. */
const placed = (u: Tensor, length: Tensor, size: number): Tensor =>
  ops.floor(ops.mul(ops.sub(length)(ops.fill(size + 1, [])))(u))

/** The nearest whole number. */
const rounded = (x: Tensor): Tensor => ops.floor(ops.add(0.5)(x))

/** Height and width of a window that covers a fraction of an image: a square, or what the shorter side leaves of it. */
const windowOf = (part: Tensor, rows: number, columns: number): readonly [Tensor, Tensor] => {
  const area = ops.scale(rows * columns)(part)
  const side = ops.max(1)(rounded(ops.sqrt(area)))
  const along = (size: number, other: number): Tensor =>
    ops.min(size)(ops.where(ops.greater(other)(side))(rounded(ops.scale(1 / other)(area)), side))
  return [along(rows, columns), along(columns, rows)]
}

/** Vertical stripes at first; then one square is set to a corner of the ball, with one sign for each channel. */
const linf: Proposals = {
  pattern: ({ ids, ball: { centre } }, [channels, rows, columns], key) => {
    const n = centre.shape[0]!
    const stripes = ops.reshape([n, channels, 1, columns])(
      random.rademacher([n, channels * columns], ids)(key)
    )
    return ops.reshape(centre.shape)(ops.broadcastTo([n, channels, rows, columns])(stripes))
  },
  propose: (goal, [channels, rows, columns], accepted, part, key) => {
    const { ball, ids } = goal
    const n = accepted.shape[0]!
    const [forPlace, forSign] = split(2)(key)
    const places = random.uniform([n, 2], ids)(forPlace)
    const [height, width] = windowOf(part, rows, columns)
    const down = span(placed(ops.at(1, 0)(places), height, rows), height, rows)
    const across = span(placed(ops.at(1, 1)(places), width, columns), width, columns)
    const signs = random.rademacher([n, channels], ids)(forSign)
    const signed = ops.reshape(accepted.shape)(ops.einsum('nc,nh,nw->nchw')(signs, down, across))
    return ops.where(ops.abs(signed))(pointAt(goal, ops.mul(ball.epsilon)(signed)), accepted)
  }
}

/** The places of squares: upper and left edges, [n] each, and their side, a scalar. */
interface Windows {
  readonly top: Tensor
  readonly left: Tensor
  readonly side: Tensor
}

const halved = (x: Tensor): Tensor => ops.floor(ops.scale(0.5)(x))

/**
 * For every k, 1 at the places of an axis within k of the middle of `length` places from `start`, [n, layers, size].
 * The middle of an even number of places is the later one.
 */
const layersAlong = (layers: number, start: Tensor, length: Tensor, size: number): Tensor => {
  const from = ops.sub(ops.expandDims(-1)(ops.add(halved(length))(start)))(
    ops.iota([start.shape[0]!, size], 1)
  )
  const within = ops.lessEqual(ops.iota([start.shape[0]!, layers, size], 1))(ops.expandDims(1)(ops.abs(from)))
  return ops.mul(ops.expandDims(1)(span(start, length, size)))(within)
}

/**
 * η of the paper (eq. 2 and appendix): two bumps side by side in a square, one up and one down, of norm 1 together. A bump is
 * the sum of rectangles around its middle, the k-th reaching k places, with weights 1 / (k + 1)²: each rectangle is a product of
 * rows and columns, so a bump is one contraction. One half is above the other; [n, rows, columns].
 */
const upright = ({ top, left, side }: Windows, rows: number, columns: number): Tensor => {
  const layers = Math.floor(Math.max(rows, columns) / 2) + 1
  const count = ops.add(1)(halved(side))
  const order = ops.iota([layers])
  const weights = ops.mul(ops.less(count)(order))(ops.reciprocal(ops.square(ops.add(1)(order))))
  const across = layersAlong(layers, left, side, columns)
  const bump = (start: Tensor, length: Tensor): Tensor =>
    unit(2)(ops.einsum('k,nkh,nkw->nhw')(weights, layersAlong(layers, start, length, rows), across))
  const upper = halved(side)
  return unit(2)(ops.sub(bump(ops.add(upper)(top), ops.sub(upper)(side)))(bump(top, upper)))
}

/** η with its halves side by side. */
const lying = ({ top, left, side }: Windows, rows: number, columns: number): Tensor =>
  ops.transpose([0, 2, 1])(upright({ top: left, left: top, side }, columns, rows))

/** The side of the squares that cover a fraction of the image: odd and at least 3, as far as the image has room for it. */
const sideOf = (part: Tensor, rows: number, columns: number): Tensor => {
  const side = ops.max(3)(rounded(ops.sqrt(ops.scale(rows * columns)(part))))
  const odd = ops.add(1)(ops.scale(2)(halved(side)))
  return ops.min(Math.min(rows, columns))(odd)
}

/** A grid of five by five squares, or of as many as single pixels make, from the upper left corner on. */
const tilesOf = (rows: number, columns: number): Windows => {
  const side = Math.max(1, Math.floor(Math.min(rows, columns) / 5))
  const [down, across] = [rows, columns].map((size) => Math.floor(size / side)) as [number, number]
  const places = Array.from(
    { length: down * across },
    (_, i) => [Math.floor(i / across), i % across] as const
  )
  const column = (values: readonly number[]): Tensor =>
    ops.constant(of([values.length], Float32Array.from(values)))
  return {
    top: column(places.map(([row]) => side * row)),
    left: column(places.map(([, at]) => side * at)),
    side: ops.fill(side, [])
  }
}

const perChannel =
  (f: (rows: Tensor) => Tensor) =>
  (x: Tensor): Tensor => {
    const [n, channels] = [x.shape[0]!, x.shape[1]!]
    const found = f(ops.reshape([n * channels, -1])(x))
    return ops.reshape(found.shape[1] === 1 ? [n, channels, 1, 1] : x.shape)(found)
  }

/** ‖x‖₂ of each channel of each image, [n, channels, 1, 1]. */
const channelNorms = perChannel(norm2)

/** Each channel of each image divided by its norm. */
const unitChannels = perChannel(unit(2))

const alongImages = (radius: TensorLike): TensorLike =>
  isTensor(radius) ? ops.reshape([-1, 1, 1, 1])(radius) : radius

const squared = (radius: TensorLike): TensorLike => (isTensor(radius) ? ops.square(radius) : radius * radius)

/** Two squares for each sample, as masks [n, 1, rows, columns], and bumps in the first, [n, channels, rows, columns]. */
const squaresOf = (
  { ids, ball: { centre } }: Goal,
  [channels, rows, columns]: ImageShape,
  side: Tensor,
  key: Key
): { readonly first: Tensor; readonly second: Tensor; readonly bumps: Tensor } => {
  const n = centre.shape[0]!
  const [forPlace, forSign] = split(2)(key)
  const u = random.uniform([n, 5], ids)(forPlace)
  const place = (i: number): Windows => ({
    top: placed(ops.at(1, i)(u), side, rows),
    left: placed(ops.at(1, i + 1)(u), side, columns),
    side
  })
  const mask = ({ top, left }: Windows): Tensor =>
    ops.expandDims(1)(ops.einsum('nh,nw->nhw')(span(top, side, rows), span(left, side, columns)))
  const signs = random.rademacher([n, channels], ids)(forSign)
  const one = place(0)
  const bumps = chooseEach(ops.less(0.5)(ops.at(1, 4)(u)))(
    lying(one, rows, columns),
    upright(one, rows, columns)
  )
  return {
    first: mask(one),
    second: mask(place(2)),
    bumps: ops.einsum('nc,nhw->nchw')(signs, bumps)
  }
}

/**
 * L2 (Andriushchenko et al., arXiv:1912.00049, algorithm 3). The perturbation always spends all of ε: it starts as a grid of
 * bumps, and a step moves the norm that two squares hold, and what the box has cut off, into the first of them, as the old
 * content there plus a bump with a random sign in each channel. Squares have places, signs and directions of their own for
 * each sample. Two things differ from the code of AutoAttack: the norm is divided channel by channel, as in the paper, and
 * the projection replaces a division by the norm.
 */
const l2: Proposals = {
  pattern: ({ ids, ball: { centre } }, [channels, rows, columns], key) => {
    const n = centre.shape[0]!
    const tiles = tilesOf(rows, columns)
    const count = tiles.top.shape[0]!
    const [forSign, forTurn] = split(2)(key)
    const signs = random.rademacher([n, channels, count], ids)(forSign)
    const turned = ops.less(0.5)(random.uniform([n, count], ids)(forTurn))
    const laid = ops.einsum('nct,nt,thw->nchw')
    return pipe(
      laid(signs, turned, lying(tiles, rows, columns)),
      ops.add(laid(signs, not(turned), upright(tiles, rows, columns))),
      ops.reshape(centre.shape),
      unit(2)
    )
  },
  propose: (goal, image, accepted, part, key) => {
    const { ball } = goal
    const [channels, rows, columns] = image
    const offset = ops.reshape([accepted.shape[0]!, ...image])(ops.sub(ball.centre)(accepted))
    const { first, second, bumps } = squaresOf(goal, image, sideOf(part, rows, columns), key)

    const shared = ops.mul(ops.max(second)(first))(offset)
    const unspent = pipe(norm2(offset), ops.square, ops.neg, ops.add(squared(alongImages(ball.epsilon))))
    const budget = pipe(
      ops.square(channelNorms(shared)),
      ops.add(ops.scale(1 / channels)(ops.max(0)(unspent))),
      ops.sqrt
    )
    const fresh = unitChannels(ops.add(bumps)(unitChannels(ops.mul(first)(offset))))
    return pointAt(
      goal,
      pipe(offset, ops.sub(shared), ops.add(ops.mul(budget)(fresh)), ops.reshape(accepted.shape))
    )
  }
}

/** The table of norms; there is no Square in L1. */
export const proposals: { readonly linf: Proposals; readonly l2: Proposals } = { linf, l2 }
