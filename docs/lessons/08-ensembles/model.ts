import { pipe } from 'fp-ts/lib/function.js'
import {
  evaluateOn,
  grad,
  key,
  type NdArray,
  ndarray,
  nn,
  normals,
  ntk,
  ops,
  type Tensor,
  tree
} from 'tangentflow'
import { compiled } from '../frame/compiled.js'
import { right } from '../frame/lesson.js'

/** Numbers as a column of inputs or targets. */
const column = (values: readonly number[]): NdArray => ndarray.of([values.length, 1], values)

/** Where functions are drawn. */
export const grid = Array.from({ length: 49 }, (_, i) => -1.5 + i / 16)

/** The inputs of the data. */
export const places = [-1, 0.2, 0.5] as const

/** The targets: a sine, with normal noise of this deviation. */
export const targetsOf = (noise: number): readonly number[] => {
  const drawn = normals(key(7), places.length)
  return places.map((at, i) => Math.sin(4 * at) + noise * drawn[i]!)
}

/** How each network is trained. */
const [STEPS, RATE] = [400, 0.3] as const

// #region limit
const { dense, relu, serial } = ntk.infinite
const layer = { sigmaW: 1.4, sigmaB: 1 }
const limit = serial(dense(layer), relu, dense({ ...layer, width: 1 }))
// #endregion limit

/** A mean and a deviation at each place of the grid. */
export interface Band {
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
}

const kernels = evaluateOn((a: Tensor, b: Tensor) => limit.kernel(a, b))
const [x, fresh] = [column(places), column(grid)]

const bandOf = ({ mean, covariance }: { readonly mean: NdArray; readonly covariance: NdArray }): Band => ({
  mean: Array.from(mean.data),
  deviation: grid.map((_, i) => Math.sqrt(Math.max(0, covariance.data[(grid.length + 1) * i]!)))
})

/** The ensemble of infinitely wide networks: before training, after it, and the Bayesian posterior for the same prior. */
export const theory = (
  noise: number
): { readonly prior: Band; readonly trained: Band; readonly bayes: Band } => {
  const y = column(targetsOf(noise))
  // #region theory
  const within = kernels(x, x)
  const test = { cross: kernels(fresh, x), own: kernels(fresh, fresh) }
  const descent = { dynamics: 'descent', rate: RATE, times: [0, STEPS], test } as const
  const [prior, trained] = right(ntk.predictEnsemble(within, y, descent)).test
  // with the kernel K in place of Θ, and for ever: what Bayes' rule says
  const { cross, own } = test
  const only = { times: [Infinity], test: { cross: { nngp: cross.nngp, ntk: cross.nngp }, own } }
  const [bayes] = right(ntk.predictEnsemble({ nngp: within.nngp, ntk: within.nngp }, y, only)).test
  // #endregion theory
  return { prior: bandOf(prior!), trained: bandOf(trained!), bayes: bandOf(bayes!) }
}

/** Trains networks one after another, each from weights of its own, and gives their functions on the grid. */
export async function* ensemble(
  { width, noise, seed }: { readonly width: number; readonly noise: number; readonly seed: number },
  count: number
): AsyncGenerator<readonly number[]> {
  // #region members
  const net = limit.network(width)
  const [xs, ys] = [ops.constant(x), ops.constant(column(targetsOf(noise)))]
  const loss = (params: nn.Params): Tensor => nn.mse(ys)(net.apply(params)(xs))
  const step = (params: nn.Params): nn.Params =>
    pipe(
      params,
      tree.zipWith(grad(loss)(params), (p, g) => ops.sub(ops.scale(RATE)(g))(p))
    )
  const trainAll = (start: nn.Params) => {
    const [params] = ops.scan((at: nn.Params) => [step(at), {}], STEPS)(start)
    return net.apply(params)(ops.constant(fresh))
  }
  // #endregion members
  const first = net.init(key(seed * 1000), [1])
  const train = await compiled(trainAll, [first])
  for (let i = 0; i < count; i++) {
    const { data } = await train(i === 0 ? first : net.init(key(seed * 1000 + i), [1]))
    yield Array.from(data)
  }
}

/** The mean and the deviation of functions, place by place. */
export const bandOfMembers = (functions: readonly (readonly number[])[]): Band => {
  const count = functions.length
  const mean = grid.map((_, i) => functions.reduce((sum, values) => sum + values[i]!, 0) / count)
  const deviation = mean.map((middle, i) =>
    Math.sqrt(functions.reduce((sum, values) => sum + (values[i]! - middle) ** 2, 0) / Math.max(1, count - 1))
  )
  return { mean, deviation }
}

/** How far the deviations of two bands are from one another: a mean over the grid, as a share of the second's mean. */
export const distance = (a: Band, b: Band): number => {
  const total = b.deviation.reduce((sum, value) => sum + value, 0)
  return a.deviation.reduce((sum, value, i) => sum + Math.abs(value - b.deviation[i]!), 0) / total
}
