import {
  type Concrete,
  compile,
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
import { right } from '../frame/lesson.js'
import { referenceEngine } from '../frame/reference.js'
import { REACH, type State } from './lesson.js'

// #region network
const { dense, erf, serial } = ntk.infinite
const described = serial(dense({ sigmaW: 2, sigmaB: 1 }), erf, dense({ width: 1 }))
// #endregion network

/** The inputs at which curves are drawn. */
export const GRID: readonly number[] = Array.from({ length: 49 }, (_, i) => -REACH + (i / 48) * 2 * REACH)

const column = (numbers: readonly number[]) => ndarray.fromNested(numbers.map((one) => [one]))
const grid = column(GRID)

// #region step
/** One step of gradient descent on (1/2N)Σ(f − y)², for any model of these parameters. */
const stepOf = (model: nn.Model<nn.Params>) => (params: nn.Params, x: Tensor, y: Tensor, rate: Tensor) => {
  const loss = (p: nn.Params): Tensor => nn.mse(y)(model(p)(x))
  return tree.zipWith(grad(loss)(params), (w, slope) => ops.sub(ops.mul(rate)(slope))(w))(params)
}
// #endregion step

/** What one of the models gives: on the grid and on the data. */
export interface Outputs {
  readonly grid: ArrayLike<number>
  readonly data: ArrayLike<number>
}

/** The training as far as it has come. */
export interface Training {
  readonly step: number
  readonly steps: number
  readonly network: Outputs
  readonly linear: Outputs
  readonly closed: Outputs
  /** Step by step, the length of the residual along each mode: of the network where it was evaluated, of the closed form. */
  readonly measured: readonly { readonly step: number; readonly modes: readonly number[] }[]
  readonly predicted: readonly { readonly step: number; readonly modes: readonly number[] }[]
  readonly eigenvalues: readonly number[]
  /** The rate itself, and the largest stable one. */
  readonly rate: number
  readonly stable: number
  readonly executed: string
}

/** About how many times the network is evaluated. */
const LOOKS = 25

/** Outputs beyond this have left the picture; a network that diverges is followed no further. */
const BEYOND = 1e6

/** Trains the network and its linearisation side by side, and predicts both from the kernel at the start. */
export async function* trainingOf({
  data,
  rate: multiple,
  time,
  width,
  seed
}: State): AsyncGenerator<Training> {
  const xs = data.filter((_, i) => i % 2 === 0)
  const ys = data.filter((_, i) => i % 2 === 1)
  const [x, y] = [column(xs), column(ys)]
  const net = described.network(width)
  const start = net.init(key(seed), [1])
  // #region kernel
  const atStart = evaluateOn((params: nn.Params, at: Tensor, everywhere: Tensor) => ({
    theta: ntk.empiricalNtk(net.apply, { outputs: 'mean' })(params, at),
    test: {
      kernel: ntk.empiricalNtk(net.apply, { outputs: 'mean' })(params, everywhere, at),
      start: net.apply(params)(everywhere)
    },
    outputs: net.apply(params)(at)
  }))(start, x, grid)
  const { values, vectors } = right(ntk.spectrum(atStart.theta))
  const stable = right(ntk.maxLearningRate(atStart.theta)) // 2N / λ_max
  // #endregion kernel
  const rate = multiple * stable
  const every = Math.max(1, Math.ceil(time / LOOKS))
  const looks = [...Array.from({ length: Math.ceil(time / every) }, (_, i) => i * every), time]
  // #region closed
  const { train, test } = right(
    ntk.predictMse(atStart.theta, y, {
      start: atStart.outputs,
      test: atStart.test,
      dynamics: 'descent',
      rate,
      times: looks
    })
  )
  // #endregion closed
  const along = (outputs: ArrayLike<number>): readonly number[] =>
    values.map((_, mode) =>
      Math.abs(
        ys.reduce((sum, target, i) => sum + vectors.data[mode * ys.length + i]! * (outputs[i]! - target), 0)
      )
    )
  const engine = await referenceEngine()
  const models = { network: net.apply, linear: ntk.linearised(net.apply, start) }
  const programsOf = async (model: nn.Model<nn.Params>) => ({
    step: right(await compile(engine)(stepOf(model), [start, x, y, ndarray.scalar(rate)])()),
    look: right(
      await compile(engine)(
        (p: nn.Params, at: Tensor, everywhere: Tensor) => ({
          data: model(p)(at),
          grid: model(p)(everywhere)
        }),
        [start, x, grid]
      )()
    )
  })
  const programs = { network: await programsOf(models.network), linear: await programsOf(models.linear) }
  const predicted = looks.map((step, i) => ({ step, modes: along(train[i]!.data) }))
  const measured: { readonly step: number; readonly modes: readonly number[] }[] = []
  let params: Readonly<Record<keyof typeof models, Concrete<nn.Params>>> = { network: start, linear: start }
  let isWithin = true
  for (let step = 0, i = 0; i < looks.length; i++) {
    for (; step < looks[i]!; step++) {
      const advance = async (name: keyof typeof models) =>
        right(await programs[name].step(params[name], x, y, ndarray.scalar(rate))()).value
      params = {
        network: isWithin ? await advance('network') : params.network,
        linear: await advance('linear')
      }
    }
    const { value: network, executed } = right(await programs.network.look(params.network, x, grid)())
    const { value: linear } = right(await programs.linear.look(params.linear, x, grid)())
    isWithin &&= network.data.data.every((f) => Math.abs(f) < BEYOND)
    if (isWithin) measured.push({ step, modes: along(network.data.data) })
    yield {
      step,
      steps: time,
      network: { grid: network.grid.data, data: network.data.data },
      linear: { grid: linear.grid.data, data: linear.data.data },
      closed: { grid: test![i]!.data, data: train[i]!.data },
      measured: [...measured],
      predicted,
      eigenvalues: values,
      rate,
      stable,
      executed: `${executed.engine}, ${executed.backend}`
    }
  }
}
