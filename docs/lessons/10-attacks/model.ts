import {
  attack,
  type Concrete,
  data,
  evaluateOn,
  key,
  type Key,
  type NdArray,
  ndarray,
  nn,
  ops,
  type Tensor,
  train
} from 'tangentflow'

type Network = typeof plane
type Set = Concrete<{ readonly x: Tensor; readonly y: Tensor }>

/** A point of the plane. */
export type Point = readonly [number, number]

const plane = nn.serial(nn.dense(16), nn.tanh, nn.dense(16), nn.tanh, nn.dense(2))
const reader = nn.serial(nn.dense(24), nn.relu, nn.dense(10))

/** Class 1 lies above a wave, class 0 below it. */
export const classOf = ([x, y]: Point): 0 | 1 => (y > 0.5 + 0.27 * Math.sin(3 * Math.PI * x) ? 1 : 0)

/** What the network of the plane learns: points of a grid in the unit square, with their classes. */
const lattice = (side: number): readonly Point[] =>
  Array.from({ length: side * side }, (_, i) => [
    (i % side) / (side - 1),
    1 - Math.floor(i / side) / (side - 1)
  ])

const setOf = (points: readonly Point[]): Set => ({
  x: ndarray.fromNested(points),
  y: ndarray.fromNested(points.map(classOf))
})

/** Parameters after some steps of Adam, each on the next examples of the set. */
const trained = (
  net: Network,
  set: Set,
  { steps, batch, rate }: Record<'steps' | 'batch' | 'rate', number>
) => {
  const optimiser = train.adam()
  const step = evaluateOn(train.trainStep(net.apply, { optimiser }))
  const features = set.x.shape.slice(1)
  const size = features.reduce((a, b) => a * b, 1)
  const start = net.init(key(0), features)
  let at = { params: start, state: train.initialState(optimiser)<nn.Params>(start) }
  for (let i = 0; i < steps; i++) {
    const from = (i * batch) % (set.y.data.length - batch + 1)
    const rows = {
      x: ndarray.of([batch, ...features], set.x.data.slice(from * size, (from + batch) * size)),
      y: ndarray.of([batch], set.y.data.slice(from, from + batch))
    }
    at = step(at, rows, [], ndarray.scalar(rate), key(i), ndarray.scalar(0)).to
  }
  return at.params
}

/** Something that takes a while, computed when it is first asked for. */
const once = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}

const planeParams = once(() => {
  const set = setOf(lattice(10))
  return trained(plane, set, { steps: 90, batch: set.y.data.length, rate: 0.06 })
})

/** How many cells the picture of the plane has along a side. */
export const SIDE = 44

/** How much the network prefers class 1 in each cell of the unit square, row by row from the top. */
export const preferences = once((): readonly number[] => {
  const centres = Array.from({ length: SIDE * SIDE }, (_, i): Point => [
    ((i % SIDE) + 0.5) / SIDE,
    1 - (Math.floor(i / SIDE) + 0.5) / SIDE
  ])
  const { data: logits } = evaluateOn((p: nn.Params, x: Tensor) => plane.apply(p)(x))(
    planeParams(),
    ndarray.fromNested(centres)
  )
  return centres.map((_, i) => logits[2 * i + 1]! - logits[2 * i]!)
})

/** What an attack is to stay in, and how long it may take. */
export interface Bounds {
  readonly norm: attack.Norm
  readonly epsilon: number
  readonly steps: number
}

/** An attack on one point: where it went, and what that was worth. */
export interface Walk {
  readonly points: readonly Point[]
  /** The loss at each point. */
  readonly losses: readonly number[]
  /** Its result, and the loss there: for PGD the point of the largest loss, for FGSM the last one. */
  readonly end: Point
  readonly loss: number
  /** Of two classes the wrong one is preferred where the loss is above ln 2. */
  readonly fooled: boolean
}

const pairs = ({ data: numbers }: NdArray): readonly Point[] =>
  Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i]!, numbers[2 * i + 1]!])

/** Walks from some points at once. */
const walks = (options: attack.PgdOptions, from: readonly Point[], seed: number): readonly Walk[] => {
  const batch = setOf(from)
  // #region attack
  const iteration = attack.pgdIteration(options)
  const { visited, losses } = evaluateOn((p: nn.Params, { x, y }: nn.Batch, k: Key) => {
    const visited = attack.path(iteration)(plane.apply)(p, { x, y }, k) // [steps + 1, n, 2]
    const rows = ops.reshape([-1, 2])(visited)
    const labels = ops.concat(0)(Array.from({ length: iteration.steps + 1 }, () => y))
    return { visited, losses: nn.crossEntropyEach(labels)(plane.apply(p)(rows)) }
  })(planeParams(), batch, key(seed))
  // #endregion attack
  const all = pairs(visited)
  return from.map((_, run) => {
    const own = Array.from({ length: iteration.steps + 1 }, (_, step) => step * from.length + run)
    const seen = own.map((place) => losses.data[place]!)
    const loss = Math.max(...seen)
    const points = own.map((place) => all[place]!)
    return { points, losses: seen, loss, end: points[seen.indexOf(loss)]!, fooled: loss > Math.LN2 }
  })
}

/** FGSM and PGD on one point. */
export const attacksOn = ({ norm, epsilon, steps }: Bounds, at: Point): { fgsm: Walk; pgd: Walk } => {
  // #region options
  const fgsm = { norm, epsilon, steps: 1, relativeStep: 1, randomStart: false } as const
  const pgd = { norm, epsilon, steps, relativeStep: 2.5, randomStart: false } as const
  // #endregion options
  const [jump] = walks(fgsm, [at], 0)
  const last = jump!.losses.length - 1
  const [end, loss] = [jump!.points[last]!, jump!.losses[last]!]
  return { fgsm: { ...jump!, end, loss, fooled: loss > Math.LN2 }, pgd: walks(pgd, [at], 0)[0]! }
}

/** PGD from several random points of the ball. */
export const restartsOn = (
  { norm, epsilon, steps }: Bounds,
  at: Point,
  restarts: number,
  seed: number
): readonly Walk[] =>
  walks({ norm, epsilon, steps, relativeStep: 2.5 }, new Array<Point>(restarts).fill(at), seed)

/** How many of the test images are attacked. */
export const TESTED = 100

const digits = once(() => {
  const { train: seen, test } = data.digitsSplit()
  return {
    params: trained(reader, seen, { steps: 90, batch: 128, rate: 0.02 }),
    test: data.take(Array.from({ length: TESTED }, (_, i) => i))(test)
  }
})

/** The test images under FGSM and PGD: the share that is still read correctly, and the images. */
export const digitsUnder = (epsilon: number) => {
  const { params, test } = digits()
  // #region digits
  const options = { epsilon, steps: 10, relativeStep: 2.5, keep: 'best' } as const
  const attacked = evaluateOn((p: nn.Params, batch: nn.Batch, k: Key) => {
    const fgsm = attack.fgsm({ epsilon })(reader.apply)(p, batch, k)
    const pgd = attack.pgd(options)(reader.apply)(p, batch, k)
    return { fgsm: fgsm.success, pgd: pgd.success, x: pgd.x, logits: reader.apply(p)(pgd.x) }
  })(params, { x: test.x, y: test.y }, key(1))
  // #endregion digits
  const left = ({ data: success }: NdArray): number =>
    Array.from(success).filter((one) => one === 0).length / TESTED
  return { fgsm: left(attacked.fgsm), pgd: left(attacked.pgd), x: attacked.x, logits: attacked.logits, test }
}

/** The radii of the curve of accuracies. */
export const RADII = [0, 0.04, 0.08, 0.12, 0.18, 0.24, 0.3] as const

/** The shares over the radii; they do not depend on what a reader chooses. */
export const curve = once(() => RADII.map((epsilon) => ({ epsilon, ...digitsUnder(epsilon) })))

/** The class with the largest of ten logits. */
export const readAs = ({ data: logits }: NdArray, image: number): number => {
  const row = Array.from(logits.slice(10 * image, 10 * image + 10))
  return row.indexOf(Math.max(...row))
}
