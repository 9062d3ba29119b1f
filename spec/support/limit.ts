import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import {
  type Concrete,
  fold,
  grad,
  key,
  type NdArray,
  nn,
  ntk,
  ops,
  type Runner,
  type TangentError,
  TangentFailure,
  type Tensor,
  tree
} from 'tangentflow'
import { kernelsOf } from './infinite.js'

/** A network of hidden layers and one output, inputs to measure its kernels on, and how many networks are drawn. */
export interface Study {
  readonly hidden: readonly ntk.infinite.InfiniteLayer[]
  readonly sigmaB: number
  readonly x: NdArray
  readonly draws: number
}

const orThrow = async <A>(task: TaskEither<TangentError, A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw new TangentFailure(result.left)
  return result.right
}

const squaredNorm = ({ data }: NdArray): number => Array.from(data).reduce((sum, v) => sum + v * v, 0)

/** ‖a − b‖² / ‖b‖², Frobenius. */
const squaredError = (a: NdArray, b: NdArray): number =>
  Array.from(a.data).reduce((sum, v, i) => sum + (v - b.data[i]!) ** 2, 0) / squaredNorm(b)

const rootMean = (squares: readonly number[]): number =>
  Math.sqrt(squares.reduce((a, b) => a + b) / squares.length)

const networkOf = ({ hidden, sigmaB }: Study): ntk.infinite.InfiniteNetwork =>
  ntk.infinite.serial(...hidden, ntk.infinite.dense({ sigmaB, width: 1 }))

/** The parameters of the networks of one width, each width and each draw with a key of its own. */
const draws = (study: Study, net: nn.Network, width: number): readonly (() => Concrete<nn.Params>)[] =>
  Array.from(
    { length: study.draws },
    (_, i) => () => net.init(pipe(key(2026), fold(width), fold(i)), study.x.shape.slice(1))
  )

/** How far kernels of finite networks are from the limit: the root mean square, over draws, of the relative error. */
export interface Errors {
  readonly width: number
  readonly nngp: number
  readonly ntk: number
}

export const errorsAt = async (runner: Runner, study: Study, width: number): Promise<Errors> => {
  const net = networkOf(study).network(width)
  const body = ntk.infinite.serial(...study.hidden).network(width)
  const limit = kernelsOf(networkOf(study), study.x)
  // given the hidden layers, the output is Gaussian with the covariance of the last one's units
  const kernels = (p: nn.Params, x: Tensor) => {
    const units = body.apply(p.slice(0, -1))(x)
    const gram = ops.scale(2 / units.shape[1]!)(ops.einsum('na,ma->nm')(units, units))
    return {
      nngp: ops.add(study.sigmaB ** 2)(gram),
      ntk: ntk.empiricalNtk(net.apply, { outputs: 'mean' })(p, x)
    }
  }
  const [first, ...rest] = draws(study, net, width)
  const program = await orThrow(runner.compile(kernels, [first!(), study.x]))
  const squares: { nngp: number; ntk: number }[] = []
  for (const draw of [first!, ...rest]) {
    const { value } = await orThrow(program(draw(), study.x))
    squares.push({ nngp: squaredError(value.nngp, limit.nngp), ntk: squaredError(value.ntk, limit.ntk) })
  }
  return {
    width,
    nngp: rootMean(squares.map(({ nngp }) => nngp)),
    ntk: rootMean(squares.map(({ ntk: theta }) => theta))
  }
}

/** Full-batch descent of the squared error. */
export interface Training {
  readonly y: NdArray
  readonly rate: number
  readonly steps: number
}

/** How far training moves the kernel: the root mean square, over draws, of ‖Θ after − Θ before‖ / ‖Θ before‖. */
export const driftAt = async (
  runner: Runner,
  study: Study,
  { y, rate, steps }: Training,
  width: number
): Promise<number> => {
  const net = networkOf(study).network(width)
  const loss = (p: nn.Params, x: Tensor, target: Tensor): Tensor => nn.mse(target)(net.apply(p)(x))
  const descend = (p: nn.Params, x: Tensor, target: Tensor): nn.Params =>
    tree.zipWith(grad(loss)(p, x, target), (w, g) => ops.sub(ops.scale(rate)(g))(w))(p)
  const kernel = (p: nn.Params, x: Tensor): Tensor => ntk.empiricalNtk(net.apply, { outputs: 'mean' })(p, x)
  const [first, ...rest] = draws(study, net, width)
  const step = await orThrow(runner.compile(descend, [first!(), study.x, y]))
  const theta = await orThrow(runner.compile(kernel, [first!(), study.x]))
  const squares: number[] = []
  for (const draw of [first!, ...rest]) {
    const start = draw()
    let params = start
    for (let t = 0; t < steps; t++) params = (await orThrow(step(params, study.x, y))).value
    const [before, after] = [await orThrow(theta(start, study.x)), await orThrow(theta(params, study.x))]
    squares.push(squaredError(after.value, before.value))
  }
  return rootMean(squares)
}

/** The slope of log y over log x by least squares. */
export const logSlope = (points: readonly (readonly [number, number])[]): number => {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const)
  const mean = (part: 0 | 1): number => logs.reduce((sum, point) => sum + point[part], 0) / logs.length
  const [mx, my] = [mean(0), mean(1)]
  const cross = logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0)
  return cross / logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0)
}
