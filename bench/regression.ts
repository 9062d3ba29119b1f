import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { applyBlocked, blocked, type BlockedKernel, solve, type Solution } from '../lib/blocks/index.js'
import { type NdArray, ndarray, ntk, type TangentError, type Tensor, withEngine } from '../lib/index.js'
import { fileStore, loadSet } from '../lib/io/index.js'
import { firstImages, forEachElement, storesIn } from './harness/blocks.js'
import { finish, report } from './harness/files.js'
import { thisMachine } from './harness/machine.js'
import { timed } from './harness/seconds.js'

// Kernel regression on MNIST with the infinite NTK of a ReLU network of two hidden layers, from blocks in a folder. A run that
// was killed goes on when it is called again:
// `npm run bench:regression -- --data DIR --examples N --out DIR [--ridge ρ] [--rank R] [--tile T] [--json FILE] [--direct]`.

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    examples: { type: 'string', default: '5000' },
    out: { type: 'string' },
    ridge: { type: 'string', default: '1e-6' },
    rank: { type: 'string', default: '1000' },
    tile: { type: 'string', default: '2000' },
    tolerance: { type: 'string', default: '1e-7' },
    threads: { type: 'string', default: '1' },
    json: { type: 'string' },
    direct: { type: 'boolean', default: false }
  }
})
const [examples, ridge, rank, tile, tolerance, threads] = [
  Number(values.examples),
  Number(values.ridge),
  Number(values.rank),
  Number(values.tile),
  Number(values.tolerance),
  Number(values.threads)
]
const out = values.out ?? join('runs', `regression-${examples}`)

const { serial, dense, relu } = ntk.infinite
const network = serial(dense(), relu, dense(), relu, dense())
const kernel = (_: readonly [], a: Tensor, b: Tensor): Tensor => network.kernel(a, b).ntk

const say = (text: string): void => void process.stdout.write(`${new Date().toISOString()} ${text}\n`)

/** At most one line in so many seconds. */
const seldom = (seconds: number): ((text: string) => void) => {
  let last = -Infinity
  return (text) => {
    if (performance.now() - last < seconds * 1000) return
    last = performance.now()
    say(text)
  }
}

/** An effect with its seconds, which are said. */
const told = <A>(name: string, effect: TE.TaskEither<TangentError, A>) =>
  pipe(
    timed(effect),
    TE.tapIO(({ seconds: { wall, processor } }) => () => {
      say(`${name}: ${wall.toFixed(1)} s, ${processor.toFixed(1)} s of the processor`)
    })
  )

/** One-hot labels less their mean. */
const targetsOf = (labels: NdArray): NdArray => {
  const data = new Float64Array(10 * labels.data.length).fill(-0.1)
  labels.data.forEach((label, i) => (data[10 * i + label] = 0.9))
  return ndarray.of([labels.data.length, 10], data)
}

const accuracyOf = ({ data }: NdArray, labels: NdArray): number => {
  let right = 0
  labels.data.forEach((label, i) => {
    const row = data.subarray(10 * i, 10 * i + 10)
    if (row.indexOf(Math.max(...row)) === label) right++
  })
  return right / labels.data.length
}

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce(
    (sum, name) => sum + statSync(join(folder, name)).size,
    0
  )

/** The whole kernel with its ridge, from the files of its blocks. */
const wholeOf = (kernel: BlockedKernel): TE.TaskEither<TangentError, Matrix> => {
  const matrix = Matrix.zeros(examples, examples)
  return pipe(
    forEachElement(kernel)((i, j, element) => {
      const value = element + (i === j ? examples * ridge : 0)
      matrix.set(i, j, value).set(j, i, value)
    }),
    TE.map(() => matrix)
  )
}

/** The largest difference of predictions by the direct solution in float64 from `predictions`, as a part of the largest prediction. */
const differenceFromDirect = (
  train: BlockedKernel,
  test: BlockedKernel,
  y: NdArray,
  predictions: NdArray
): TE.TaskEither<TangentError, number> =>
  pipe(
    wholeOf(train),
    TE.map((matrix) => {
      const dual = new CholeskyDecomposition(matrix).solve(Matrix.from1DArray(examples, 10, y.data))
      return ndarray.of([examples, 10], dual.to1DArray())
    }),
    TE.flatMap((dual) => applyBlocked(test)(dual)),
    TE.map(({ data }) => {
      const largestOf = (values: Float64Array): number =>
        values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      const direct = Float64Array.from(data)
      return largestOf(direct.map((value, i) => value - predictions.data[i]!)) / largestOf(direct)
    })
  )

const solved = (blocks: BlockedKernel, y: NdArray): TE.TaskEither<TangentError, Solution> =>
  solve(blocks, y, {
    ridge,
    rank,
    tolerance,
    checkpoint: { store: fileStore(join(out, `solution-${ridge}-${rank}.safetensors`)), steps: 5 },
    observe:
      ({ iteration, residual, secondsLeft }) =>
      () =>
        say(`iteration ${iteration}: residual ${residual.toExponential(2)}, ${secondsLeft.toFixed(0)} s left`)
  })

const computed = (name: string, x1: NdArray, x2?: NdArray): TE.TaskEither<TangentError, BlockedKernel> => {
  const tell = seldom(10)
  return withEngine({ require: 'onnx:native', threads })(
    blocked(kernel, {
      stores: storesIn(join(out, name)),
      tile,
      observe:
        ({ done, blocks, secondsLeft }) =>
        () =>
          tell(`${name}: ${done} of ${blocks} blocks, ${secondsLeft.toFixed(0)} s left`)
    })([], x1, x2)
  )
}

await finish(
  pipe(
    loadSet('mnist', values.data === undefined ? {} : { data: values.data }),
    TE.bindTo('set'),
    TE.let('x', ({ set }) => firstImages(set.train.x, examples)),
    TE.let('y', ({ set }) =>
      targetsOf(ndarray.of([examples], set.train.y.data.subarray(0, examples) as Float32Array))
    ),
    TE.bind('train', ({ x }) => told('kernel of the training images', computed('train', x))),
    TE.bind('test', ({ set, x }) =>
      told('kernel of test and training images', computed('test', set.test.x, x))
    ),
    TE.bind('fit', ({ train, y }) => told('solution', solved(train.value, y))),
    TE.bind('predictions', ({ test, fit }) => told('predictions', applyBlocked(test.value)(fit.value.dual))),
    TE.bind('direct', ({ train, test, y, predictions }) =>
      values.direct
        ? told('direct', differenceFromDirect(train.value, test.value, y, predictions.value))
        : TE.right(undefined)
    ),
    TE.map(({ set, train, test, fit, predictions, direct }) => ({
      machine: thisMachine(),
      examples,
      ridge,
      rank,
      tile,
      seconds: {
        train: train.seconds,
        test: test.seconds,
        solve: fit.seconds,
        predictions: predictions.seconds
      },
      iterations: fit.value.iterations,
      residual: fit.value.residual,
      converged: fit.value.converged,
      peakBytes: process.resourceUsage().maxRSS * 1024,
      bytesOnDisk: bytesIn(out),
      accuracy: accuracyOf(predictions.value, set.test.y),
      ...(direct === undefined ? {} : { differenceFromDirect: direct.value })
    })),
    TE.flatMap(report(values.json))
  )
)
