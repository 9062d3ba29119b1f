import { pipe } from 'fp-ts/lib/function.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  compile,
  key,
  ndarray,
  nn,
  ntk,
  plot,
  type Runner,
  spec,
  type TangentError,
  type Tensor,
  uniforms,
  withEngine
} from '../lib/index.js'
import { finish, readJson, writeJson, writeText } from './harness/files.js'
import { thisMachine } from './harness/machine.js'

// How the cost of a kernel grows with examples, outputs and width, beside what is predicted of it. Writes
// bench/results/ntk-cost.json and the pictures of docs/ntk-cost.md; `--draw` only draws what that file holds.

const RESULTS = 'bench/results/ntk-cost.json'
const methods = ['contracted', 'vectorProduct', 'jacobian'] as const
const base = { examples: 16, outputs: 10, width: 128 } as const
const INPUTS = 128

type Sizes = { readonly [K in keyof typeof base]: number }

const sweeps: { readonly [K in keyof Sizes]: readonly number[] } = {
  examples: [4, 8, 16, 32, 64],
  outputs: [1, 2, 5, 10, 20, 40],
  width: [16, 32, 64, 128, 256, 512]
}

/** One kernel: what was predicted, in operations and bytes, and how long the fastest of several runs took. */
interface Point {
  readonly sweep: keyof Sizes
  readonly value: number
  readonly method: ntk.KernelMethod
  readonly flops: number
  readonly bytes: number
  readonly ms: number
}

const networkOf = ({ width, outputs }: Sizes): nn.Network =>
  nn.serial(nn.dense(width), nn.relu, nn.dense(width), nn.relu, nn.dense(outputs))

/** Milliseconds of the fastest run within about half a second: what else the machine does only adds. */
const fastest = async (run: () => Promise<unknown>): Promise<number> => {
  await run()
  const end = performance.now() + 500
  let least = Infinity
  for (let count = 0; count < 3 || performance.now() < end; count++) {
    const start = performance.now()
    await run()
    least = Math.min(least, performance.now() - start)
  }
  return least
}

const measure =
  (sweep: keyof Sizes, value: number, method: ntk.KernelMethod) =>
  (runner: Runner): TE.TaskEither<TangentError, Point> => {
    const sizes: Sizes = { ...base, [sweep]: value }
    const network = networkOf(sizes)
    const params = network.init(key(0), [INPUTS])
    const inputs = (seed: number) =>
      ndarray.of([sizes.examples, INPUTS], uniforms(key(seed), sizes.examples * INPUTS))
    const [x1, x2] = [inputs(1), inputs(2)]
    const kernel = (p: nn.Params, a: Tensor, b: Tensor): Tensor =>
      ntk.empiricalNtk(network.apply, { method })(p, a, b)
    return pipe(
      TE.fromEither(ntk.predictCost(network.apply)(params, spec(x1.shape), spec(x2.shape))),
      TE.bindTo('prediction'),
      TE.bind('program', () => compile(runner)(kernel, [params, x1, x2])),
      TE.bind('ms', ({ program }) => TE.fromTask(() => fastest(program(params, x1, x2)))),
      TE.map(({ prediction, ms }): Point => {
        const { flops, bytes } = prediction.candidates[method]
        const point = { sweep, value, method, flops, bytes, ms }
        process.stdout.write(`${JSON.stringify(point)}\n`)
        return point
      })
    )
  }

/** Predicted operations: what is computed, and two for each byte that is moved, as `auto` counts them. */
const predictedCost = ({ flops, bytes }: Point): number => flops + 2 * bytes

/** Milliseconds an operation, the one number that is fitted: the middle over all points. */
const pace = (points: readonly Point[]): number => {
  const ratios = points.map((point) => point.ms / predictedCost(point)).sort((a, b) => a - b)
  return ratios[ratios.length >> 1]!
}

const draw = (points: readonly Point[], sweep: keyof Sizes): TE.TaskEither<TangentError, void> => {
  const rate = pace(points)
  const series = methods.map((method) => {
    const own = points.filter((point) => point.sweep === sweep && point.method === method)
    return {
      name: method,
      predicted: own.map((point) => ({
        time: point.value,
        value: Math.log10(predictedCost(point) * rate)
      })),
      measured: own.map(({ value, ms }) => ({ time: value, value: Math.log10(ms) }))
    }
  })
  return pipe(
    TE.fromEither(
      plot.trajectories(series, {
        title: `a kernel’s cost as ${sweep} ${sweep === 'width' ? 'grows' : 'grow'}: predicted (lines) and measured (dots)`,
        up: 'log₁₀ of milliseconds',
        across: sweep,
        time: 'log'
      })
    ),
    TE.flatMap((svg) => writeText(`docs/ntk-cost-${sweep}.svg`)(svg))
  )
}

const sweepNames = Object.keys(sweeps) as readonly (keyof Sizes)[]

const measured: TE.TaskEither<TangentError, readonly Point[]> = pipe(
  withEngine({ require: 'onnx:native' })((engine) =>
    pipe(
      sweepNames.flatMap((sweep) =>
        sweeps[sweep].flatMap((value) => methods.map((method) => measure(sweep, value, method)))
      ),
      RA.traverse(TE.ApplicativeSeq)((one) => one(engine))
    )
  ),
  TE.tap((points) => writeJson(RESULTS, { machine: thisMachine(), base, points }))
)

const kept: TE.TaskEither<TangentError, readonly Point[]> = pipe(
  readJson<{ readonly points: readonly Point[] }>(RESULTS),
  TE.map(({ points }) => points)
)

await finish(
  pipe(
    process.argv.includes('--draw') ? kept : measured,
    TE.flatMap((points) => TE.traverseSeqArray((sweep: keyof Sizes) => draw(points, sweep))(sweepNames))
  )
)
