import { ndarray, ops, type Tensor } from 'tangentflow'
import type { attack } from 'tangentflow'

// An attack on a known function of three elements, and the parts of one in plain numbers, to compare it with step by step.

export type Point = readonly number[]

const sum = (values: Point): number => values.reduce((a, b) => a + b, 0)

export const norms = {
  linf: (d: Point): number => Math.max(...d.map(Math.abs)),
  l2: (d: Point): number => Math.hypot(...d),
  l1: (d: Point): number => sum(d.map(Math.abs))
}

const [A, B, C] = [9, 7, 5]

/** sin 9u + cos 7v − 2 sin 5w − uv: wavy, so that steps rise and fall. */
export const wavy = ([u, v, w]: Point): number =>
  Math.sin(A * u!) + Math.cos(B * v!) - 2 * Math.sin(C * w!) - u! * v!

export const slope = ([u, v, w]: Point): Point => [
  A * Math.cos(A * u!) - v!,
  -B * Math.sin(B * v!) - u!,
  -2 * C * Math.cos(C * w!)
]

/** A model whose second logit is that function, the first being 0, and the loss that raises it. */
export const wavyModel = () => (x: Tensor) => {
  const [u, v, w] = [0, 1, 2].map((i) => ops.at(1, i)(x)) as [Tensor, Tensor, Tensor]
  const terms = [
    ops.sin(ops.scale(A)(u)),
    ops.cos(ops.scale(B)(v)),
    ops.scale(-2)(ops.sin(ops.scale(C)(w))),
    ops.neg(ops.mul(v)(u))
  ]
  const value = terms.reduce((a, b) => ops.add(b)(a))
  return ops.stack(1)([ops.scale(0)(value), value])
}
export const second: attack.AttackLoss = () => (z) => ops.at(1, 1)(z)

/** A batch of one point, of label 0. */
export const alone = (centre: Point) => ({
  x: ndarray.fromNested([centre]),
  y: ndarray.fromNested([0])
})

/** The centres, inside the box [0, 1] and at its edges. */
export const centres: readonly Point[] = [
  [0.5, 0.45, 0.6],
  [0.02, 0.97, 0.3],
  [1, 0, 0.9]
]

/** The nearest point of the ball of radius ε around a centre, in the box; of L2 as the attack has it, ball first. */
export const project = (norm: attack.Norm, centre: Point, epsilon: number, x: Point): Point => {
  const d = x.map((value, i) => value - centre[i]!)
  const boxed = (point: Point): Point => point.map((value) => Math.min(Math.max(value, 0), 1))
  if (norm === 'linf') return boxed(centre.map((c, i) => c + Math.min(Math.max(d[i]!, -epsilon), epsilon)))
  if (norm === 'l2') {
    const size = norms.l2(d)
    return boxed(size > epsilon ? centre.map((c, i) => c + (epsilon * d[i]!) / size) : x)
  }
  const shrunk = (by: number): Point =>
    d.map((v, i) => {
      const room = v > 0 ? 1 - centre[i]! : centre[i]!
      return Math.sign(v) * Math.min(Math.max(Math.abs(v) - by, 0), room)
    })
  let [low, high] = [0, norms.linf(d)]
  if (norms.l1(shrunk(0)) > epsilon)
    for (let k = 0; k < 200; k++) {
      const middle = (low + high) / 2
      if (norms.l1(shrunk(middle)) > epsilon) low = middle
      else high = middle
    }
  const moved = shrunk(norms.l1(shrunk(0)) > epsilon ? high : 0)
  return centre.map((c, i) => c + moved[i]!)
}

/** The signs of the k largest of some numbers, divided by how many of them are not 0. */
const largestSigns = (values: Point, k: number): Point => {
  const order = values.map((_, i) => i).sort((i, j) => Math.abs(values[j]!) - Math.abs(values[i]!) || i - j)
  const signs = values.map((value, i) => (order.indexOf(i) < k ? Math.sign(value) : 0))
  const count = Math.max(1, sum(signs.map(Math.abs)))
  return signs.map((sign) => sign / count)
}

/** The direction of steepest ascent at a point of the box: of norm 1, or 0. */
export const ascent = (norm: attack.Norm, gradient: Point, x: Point, k: number): Point => {
  if (norm === 'linf') return gradient.map(Math.sign)
  if (norm === 'l2') return gradient.map((g) => g / (norms.l2(gradient) || 1))
  const movable = gradient.map((g, i) => ((g > 0 && x[i]! >= 1) || (g < 0 && x[i]! <= 0) ? 0 : g))
  return largestSigns(movable, k)
}
