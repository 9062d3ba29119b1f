import {
  attack,
  type Concrete,
  evaluateOn,
  key,
  type Key,
  type NdArray,
  ndarray,
  nn,
  ntk,
  ops,
  type Tensor,
  train
} from 'tangentflow'
import { right } from '../frame/lesson.js'
import { referenceEngine } from '../frame/reference.js'
import type { State } from './lesson.js'

/** A point of the plane. */
export type Point = readonly [number, number]

/** How many examples there are: half of each class, on two arcs. */
export const COUNT = 8

const POINTS: readonly Point[] = Array.from({ length: COUNT }, (_, i) => {
  const angle = (2 * Math.PI * (i + 0.35 * (i % 2))) / COUNT
  const radius = i < COUNT / 2 ? 1 : 0.8
  return [radius * Math.cos(angle), radius * Math.sin(angle)]
})

const examples = {
  x: ndarray.fromNested(POINTS),
  y: ndarray.fromNested(POINTS.map((_, i) => [i < COUNT / 2 ? 1 : -1]))
}

const netOf = (width: number): nn.Network => {
  const options = { parametrisation: 'ntk', sigmaW: 1.5, sigmaB: 0.3 } as const
  return nn.serial(nn.dense(width, options), nn.tanh, nn.dense(1, options))
}

const BOX = [-2, 2] as const

// #region attack
const attackOf = (epsilon: number): attack.Attack =>
  epsilon === 0
    ? attack.none
    : attack.pgd({
        norm: 'l2',
        epsilon,
        steps: 4,
        relativeStep: 2,
        randomStart: false,
        box: BOX,
        loss: (y) => (f) => nn.mseEach(y)(f)
      })
// #endregion attack

const pointsOf = ({ data }: NdArray): readonly Point[] =>
  Array.from({ length: COUNT }, (_, i) => [data[2 * i]!, data[2 * i + 1]!])

/** The kernels of a network at its start. */
export interface Kernels {
  readonly points: readonly Point[]
  readonly attacked: readonly Point[]
  readonly targets: readonly number[]
  /** Θ(X, X), Θ(X, X̃) and their difference, row by row. */
  readonly clean: readonly number[]
  readonly mixed: readonly number[]
  readonly difference: readonly number[]
  /** ‖Θ(X, X̃) − Θ(X, X)‖ / ‖Θ(X, X)‖. */
  readonly distance: number
  /** ‖M − Mᵀ‖ / ‖M‖ of M = Θ(X, X̃). */
  readonly asymmetry: number
}

/** What an attack does to the kernel of a network at its start. */
export const kernelsOf = (epsilon: number, width: number, seed: number): Kernels => {
  const net = netOf(width)
  const params = net.init(key(seed), [2])
  // #region kernels
  const found = evaluateOn((p: nn.Params, batch: nn.Batch, k: Key) => {
    const { x } = attackOf(epsilon)(net.apply)(p, batch, k)
    const theta = (a: Tensor, b: Tensor) => ntk.empiricalNtk(net.apply, { outputs: 'mean' })(p, a, b)
    const [clean, mixed] = [theta(batch.x, batch.x), theta(batch.x, x)]
    return {
      x,
      clean,
      mixed,
      difference: ops.sub(clean)(mixed),
      distance: ntk.relativeDistance(clean)(mixed),
      asymmetry: ntk.relativeDistance(mixed)(ops.transpose()(mixed))
    }
  })(params, examples, key(seed))
  // #endregion kernels
  return {
    points: POINTS,
    attacked: pointsOf(found.x),
    targets: Array.from(examples.y.data),
    clean: Array.from(found.clean.data),
    mixed: Array.from(found.mixed.data),
    difference: Array.from(found.difference.data),
    distance: found.distance.data[0]!,
    asymmetry: found.asymmetry.data[0]!
  }
}

/** How long training takes: steps times rate. */
const TIME = 16

/** Outputs on the clean examples along training, a row for each of some steps. */
export interface Dynamics {
  readonly steps: readonly number[]
  readonly real: readonly (readonly number[])[]
  /** What the mixed kernel says. */
  readonly mixed: readonly (readonly number[])[]
  /** What Θ(X, X) says, which knows of no attack. */
  readonly clean: readonly (readonly number[])[]
}

const rows = (all: readonly NdArray[]): readonly (readonly number[])[] =>
  all.map(({ data }) => Array.from(data))

/** How a network is trained. */
export type Setting = Omit<State, 'training'>

/** Real training beside both predictions. */
export const dynamicsOf = async ({ epsilon, width, rate, seed }: Setting): Promise<Dynamics> => {
  const net = netOf(width)
  const params: Concrete<nn.Params> = net.init(key(seed), [2])
  const engine = await referenceEngine()
  const start = evaluateOn((p: nn.Params, x: Tensor) => net.apply(p)(x))(params, examples.x)
  // #region dynamics
  const method = attackOf(epsilon)
  const steps = Math.round(TIME / rate)
  const options = {
    optimiser: train.sgd,
    attack: method,
    loss: nn.mse,
    epochs: steps,
    batch: COUNT,
    schedule: train.schedule.constant(rate),
    record: { x: examples.x, times: 20 }
  }
  const { recorded } = right(await train.fit(net.apply, options)(params, examples, key(seed))(engine)())
  const times = [0, ...recorded.map(({ step }) => step)]

  // ∂f(X)/∂t = −η Θ(X, X̃) ∇L(f(X̃)), with a new X̃ after every step
  const every = epsilon === 0 ? steps : 1
  const flow = ntk.predictAdversarial(net.apply, method, { times, every, rate, loss: nn.mse })
  const predicted = right(await flow(params, examples, key(seed))(engine)())

  const theta = evaluateOn((p: nn.Params, x: Tensor) =>
    ntk.empiricalNtk(net.apply, { outputs: 'mean' })(p, x)
  )(params, examples.x)
  const natural = right(ntk.predictMse(theta, examples.y, { start, dynamics: 'descent', rate, times }))
  // #endregion dynamics
  return {
    steps: times,
    real: rows([start, ...recorded.map(({ outputs }) => outputs)]),
    mixed: rows(predicted.clean),
    clean: rows(natural.train)
  }
}

/** The distance of outputs from the real ones, over the distance that the real ones have come. */
export const errorOf = (
  said: readonly number[],
  real: readonly number[],
  start: readonly number[]
): number => {
  const norm = (a: readonly number[], b: readonly number[]): number =>
    Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0))
  return norm(said, real) / Math.max(1e-12, norm(real, start))
}
