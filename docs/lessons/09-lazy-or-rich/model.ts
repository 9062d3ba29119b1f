import { pipe } from 'fp-ts/lib/function.js'
import {
  type Concrete,
  data as sets,
  evaluateOn,
  grad,
  key,
  ndarray,
  nn,
  ntk,
  ops,
  type Tensor,
  tree
} from 'tangentflow'
import { compiled } from '../frame/compiled.js'
import { right } from '../frame/lesson.js'

/** What is trained, and how. */
interface Setting {
  readonly width: number
  readonly scale: number
  readonly seed: number
}

/** Ten coordinates, of which the target reads the first. */
const [DIMENSIONS, TRAIN, TEST] = [10, 40, 200] as const

export const STEPS = 300
/** Steps between two frames. */
export const EVERY = 25

// #region data
const cloud = (seed: number, count: number) => {
  const { x } = sets.synthetic.blobs({ points: count, features: DIMENSIONS, distance: 0 })(key(seed))
  const first = (i: number): number => x.data[DIMENSIONS * i]!
  return {
    x,
    y: ndarray.of(
      [count, 1],
      Array.from({ length: count }, (_, i) => Math.max(first(i), 0) - 0.4)
    )
  }
}
const [train, test] = [cloud(1, TRAIN), cloud(2, TEST)]
// #endregion data

/** The rate by which outputs move is η α² Θ₀: divided by α² it is the same for all, and smaller where the kernel will grow. */
const rateOf = ({ scale }: Setting): number => (0.4 * Math.min(1, scale)) / scale ** 2

// #region network
const ntkDense = (width: number) => nn.dense(width, { parametrisation: 'ntk', bias: false })

const networkOf = ({ width, scale, seed }: Setting) => {
  const net = nn.serial(ntkDense(width), nn.pointwise(ops.gelu), ntkDense(1))
  const start = net.init(key(seed), [DIMENSIONS])
  // scaled and without the function that it starts as: f(x) = α (g(θ, x) − g(θ₀, x))
  const f = (params: nn.Params) => (x: Tensor) => ops.scale(scale)(nn.centred(net.apply, start)(params)(x))
  return { start, f }
}
// #endregion network

/** A network at some step of its training. */
export interface Moment {
  readonly step: number
  /** (1/2N) Σ (f − y)² over the training inputs. */
  readonly loss: number
  /** Mean squared error on other inputs, as a share of the target's variance. */
  readonly test: number
  /** ‖Θ − Θ₀‖ / ‖Θ₀‖. */
  readonly drift: number
  /** The first two weights of each hidden unit, times the size of its output weight. */
  readonly units: readonly (readonly [number, number])[]
  /** The share of the hidden weights that reads the first coordinate. */
  readonly aligned: number
}

const unitsOf = (params: Concrete<nn.Params>) => {
  const [w, a] = [params[0]!.w!, params[2]!.w!]
  const [, width] = w.shape
  return Array.from(
    { length: width! },
    (_, j) => [w.data[j]! * Math.abs(a.data[j]!), w.data[width! + j]! * Math.abs(a.data[j]!)] as const
  )
}

const alignedOf = (params: Concrete<nn.Params>): number => {
  const [w, a] = [params[0]!.w!, params[2]!.w!]
  const width = w.shape[1]!
  let [along, all] = [0, 0]
  w.data.forEach((weight, at) => {
    const size = (weight * a.data[at % width]!) ** 2
    all += size
    if (at < width) along += size
  })
  return along / all
}

const testVariance = evaluateOn((y: Tensor) => ops.mean()(ops.square(ops.sub(ops.mean()(y))(y))))(test.y)
  .data[0]!

/** Trains by gradient descent, and gives the network every few steps. */
export async function* training(setting: Setting, every = EVERY, steps = STEPS): AsyncGenerator<Moment> {
  const { start, f } = networkOf(setting)
  const [xs, ys] = [ops.constant(train.x), ops.constant(train.y)]
  const rate = rateOf(setting)
  // #region descend
  const residual = (params: nn.Params, x: Tensor, y: Tensor): Tensor => ops.sub(y)(f(params)(x))
  const loss = (params: nn.Params): Tensor =>
    ops.scale(1 / 2)(ops.mean()(ops.square(residual(params, xs, ys))))
  const descend = (params: nn.Params): nn.Params =>
    pipe(
      params,
      tree.zipWith(grad(loss)(params), (p, g) => ops.sub(ops.scale(rate)(g))(p))
    )
  const see = (params: nn.Params) => ({
    loss: loss(params),
    error: ops.mean()(ops.square(residual(params, ops.constant(test.x), ops.constant(test.y)))),
    kernel: ntk.empiricalNtk(f, { outputs: 'mean' })(params, xs)
  })
  // #endregion descend
  const [stepped, looked] = await Promise.all([compiled(descend, [start]), compiled(see, [start])])
  const first = await looked(start)
  let params = start
  for (let step = 0; step <= steps; step++) {
    if (step % every === 0) {
      const { loss: now, error, kernel } = step === 0 ? first : await looked(params)
      const [, drift] = right(ntk.drift([first.kernel, kernel]))
      yield {
        step,
        loss: now.data[0]!,
        test: error.data[0]! / testVariance,
        drift: drift!,
        units: unitsOf(params),
        aligned: alignedOf(params)
      }
    }
    params = await stepped(params)
  }
}

/** What the kernel of the start says of the same training: the test error after so many steps. */
export const predicted = (setting: Setting, steps: readonly number[]): readonly number[] => {
  const { start, f } = networkOf(setting)
  const kernels = evaluateOn((params: nn.Params, x: Tensor, fresh: Tensor) => {
    const kernel = ntk.empiricalNtk(f, { outputs: 'mean' })
    return { own: kernel(params, x), cross: kernel(params, fresh, x) }
  })(start, train.x, test.x)
  // #region predicted
  const found = right(
    ntk.predictMse(kernels.own, train.y, {
      dynamics: 'descent',
      rate: rateOf(setting),
      times: steps,
      test: { kernel: kernels.cross }
    })
  )
  // #endregion predicted
  return found.test.map(({ data }) => {
    const squares = Array.from(data, (value, i) => (value - test.y.data[i]!) ** 2)
    return squares.reduce((sum, one) => sum + one, 0) / squares.length / testVariance
  })
}

/** The scales over which the kernel's way is measured. */
export const scales = [0.5, 1, 2, 4, 8, 16] as const

/** How far the kernel has moved once the loss is small, for each scale in turn. */
export async function* drifts(setting: Omit<Setting, 'scale'>): AsyncGenerator<readonly number[]> {
  const found: number[] = []
  for (const scale of scales) {
    for await (const { step, drift } of training({ ...setting, scale }, STEPS / 2, STEPS / 2))
      if (step > 0) found.push(drift)
    yield [...found]
  }
}
