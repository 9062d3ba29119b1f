import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { engineOf } from '../lib/engine/engine.js'
import { applyLoopRule, type LoopRule } from '../lib/engine/loops.js'
import { openOnnx } from '../lib/engine/onnx/index.js'
import { lower } from '../lib/engine/onnx/lower.js'
import { planOf } from '../lib/engine/plan.js'
import { specsOf } from '../lib/graph/spec.js'
import { traceOrThrow } from '../lib/graph/trace.js'
import {
  attack,
  compile,
  type Concrete,
  grad,
  type Key,
  key,
  ndarray,
  type NdArray,
  nn,
  ops,
  type Runner,
  type TangentError,
  tangentError,
  type Tensor,
  train,
  tree,
  uniforms
} from '../lib/index.js'
import { optimise } from '../lib/optimise/index.js'
import { finish } from './harness/files.js'
import { thisMachine } from './harness/machine.js'
import { showMachine } from './harness/report.js'
import { timed } from './harness/seconds.js'
import { quantile } from './harness/statistics.js'

// Loops of `ops.scan` as loops and with their steps written out, on onnx:native with one thread: `npm run bench:loops`. Their results
// are compared before anything is timed; times are seconds of the processor, ten pairs in turn.

const PAIRS = 10
/** Runs of one sample take about so many seconds. */
const SAMPLE = 0.05

/** A function of some arguments with one array as its result, ready to run on an engine. */
interface Case {
  readonly name: string
  readonly ready: (runner: Runner) => TE.TaskEither<TangentError, () => TE.TaskEither<TangentError, NdArray>>
  /** Seconds of the processor to trace, optimise and lower it. */
  readonly prepared: (rule: LoopRule) => number
}

const caseOf = <Args extends readonly unknown[]>(
  name: string,
  f: (...args: Args) => Tensor,
  args: Concrete<Args>
): Case => {
  const specs = specsOf<Args>('loops', args)
  return {
    name,
    ready: (runner) =>
      pipe(
        compile(runner)(f, specs),
        TE.map(
          (program) => () =>
            pipe(
              program(...args),
              TE.map(({ value }) => value as NdArray)
            )
        )
      ),
    prepared: (rule) =>
      Math.min(
        ...Array.from({ length: 5 }, () => {
          const { user } = process.cpuUsage()
          lower(planOf(optimise(applyLoopRule(rule, traceOrThrow(f, specs).graph))))
          return (process.cpuUsage().user - user) / 1e6
        })
      )
  }
}

const drawn = (i: number, shape: readonly number[], spread: (u: number) => number): NdArray =>
  ndarray.of(
    shape,
    uniforms(
      key(i),
      shape.reduce((size, axis) => size * axis, 1)
    ).map(spread)
  )

/** Weights of a layer, and inputs. */
const arraysOf = (
  weights: readonly [number, number],
  inputs: readonly [number, number]
): readonly [NdArray, NdArray] => [
  drawn(0, weights, (u) => (2 / Math.sqrt(weights[0])) * (u - 0.5)),
  drawn(1, inputs, (u) => u)
]

/** Steps of PGD against a network of one hidden layer, whose output weights are those of its input, transposed. */
const attacked = (inputs: number, width: number, examples: number, steps: number): Case => {
  const f = (w: Tensor, start: Tensor): Tensor => {
    const labels = ops.fill(0, [examples])
    const loss = (x: Tensor): Tensor =>
      nn.crossEntropy(labels)(ops.matmul(ops.transpose()(w))(ops.relu(ops.matmul(w)(x))))
    const radius = ops.fill(0.1, start.shape)
    const [low, high] = [ops.sub(radius)(start), ops.add(radius)(start)]
    const step = (x: Tensor) => {
      const moved = ops.add(ops.scale(0.01)(ops.sign(grad(loss)(x))))(x)
      return [ops.min(high)(ops.max(low)(moved)), []] as const
    }
    return ops.scan(step, steps)(start)[0]
  }
  return caseOf(
    `PGD, ${inputs}-${width}-${inputs}, ${examples} examples, ${steps} steps`,
    f,
    arraysOf([inputs, width], [examples, inputs])
  )
}

/** The gradient of a recurrent network by its weights. */
const recurrent = (width: number, examples: number, steps: number): Case =>
  caseOf(
    `gradient through h ← tanh(hW), ${width} units, ${examples} examples, ${steps} steps`,
    (w: Tensor, x: Tensor) =>
      grad((v: Tensor) =>
        ops.sum()(ops.square(ops.scan((h: Tensor) => [ops.tanh(ops.matmul(v)(h)), []] as const, steps)(x)[0]))
      )(w),
    arraysOf([width, width], [examples, width])
  )

const networks = {
  'MLP 64-32-10': { net: nn.serial(nn.dense(32), nn.relu, nn.dense(10)), shape: [64] },
  'LeNet-300-100': { net: nn.lenet300100(), shape: [1, 28, 28] },
  'conv16-conv32-fc100': { net: nn.conv16Conv32Fc100(), shape: [1, 28, 28] }
} as const

/** What the library does with PGD and a batch of images: the attack alone, keeping a point, or a step of training. */
const against = (
  network: keyof typeof networks,
  examples: number,
  steps: number,
  use: 'last' | 'best' | 'training' = 'last'
): Case => {
  const { net, shape } = networks[network]
  const keep = use === 'best' ? use : 'last'
  const pgd = attack.pgd({ epsilon: 0.1, steps, relativeStep: 2.5, keep })
  const step = train.trainStep(net.apply, { optimiser: train.sgd, attack: pgd })
  const params = net.init(key(0), shape)
  return caseOf<[train.TrainState<nn.Params>, nn.Batch, Key]>(
    `attack.pgd, ${network}, ${examples} examples, ${steps} steps, ${use}`,
    (from, batch, noise) => {
      if (use !== 'training') return pgd(net.apply)(from.params, batch, noise).x
      const { to } = step(from, batch, [], ops.constant(0.1), noise)
      return ops.concat(0)(tree.tensors(to.params).map(ops.reshape([-1])))
    },
    [
      { params, state: train.initialState(train.sgd)<nn.Params>(params) },
      {
        x: drawn(1, [examples, ...shape], (u) => u),
        y: drawn(2, [examples], (u) => Math.floor(10 * u))
      },
      key(3)
    ]
  )
}

const cases: readonly Case[] = [
  ...[5, 10, 16, 40].map((steps) => attacked(4, 8, 4, steps)),
  ...[5, 10, 16, 40].map((steps) => attacked(64, 64, 64, steps)),
  ...[5, 40].map((steps) => attacked(784, 300, 128, steps)),
  ...[10, 40].map((steps) => recurrent(256, 64, steps)),
  ...[2, 5, 10, 20, 40, 100].map((steps) => against('MLP 64-32-10', 64, steps)),
  ...[2, 5, 10, 20, 40, 100].map((steps) => against('LeNet-300-100', 128, steps)),
  ...[5, 40].map((steps) => against('LeNet-300-100', 128, steps, 'best')),
  ...[2, 5, 10].map((steps) => against('conv16-conv32-fc100', 32, steps)),
  ...[5, 10].map((steps) => against('MLP 64-32-10', 64, steps, 'training')),
  ...[5, 10].map((steps) => against('LeNet-300-100', 128, steps, 'training'))
]

/** The cases whose names have a text of the command line. */
const chosen = cases.filter(({ name }) => name.includes(process.argv[2] ?? ''))

/** An engine with a rule of its own for loops. */
const opened = (rule: LoopRule): TE.TaskEither<TangentError, Runner> =>
  pipe(
    openOnnx('native')({ threads: 1 }),
    TE.map((backend) => engineOf('onnx:native', backend, rule))
  )

const largest = (data: ArrayLike<number>): number =>
  Array.from(data, Math.abs).reduce((most, size) => Math.max(most, size), 0)

/** How much longer the loop takes, and how long both take to compile. */
const measured =
  (loops: Runner, written: Runner) =>
  ({ name, ready, prepared }: Case): TE.TaskEither<TangentError, void> =>
    pipe(
      TE.Do,
      TE.bind('loop', () => timed(ready(loops))),
      TE.bind('flat', () => timed(ready(written))),
      TE.bind('first', ({ loop }) => loop.value()),
      TE.bind('second', ({ flat }) => timed(flat.value())),
      TE.let('difference', ({ first, second }) =>
        largest(first.data.map((value, i) => value - second.value.data[i]!))
      ),
      TE.filterOrElse(
        ({ difference, first }) => difference <= 1e-5 * largest(first.data),
        ({ difference }) =>
          tangentError('EngineError', 'loops', 'equal results', `${difference} between them`)
      ),
      TE.bind('ratios', ({ loop, flat, second }) => {
        const runs = Array.from({ length: Math.ceil(SAMPLE / Math.max(second.seconds.wall, 1e-4)) })
        const sample = (program: typeof loop.value) =>
          timed(
            pipe(
              runs,
              TE.traverseSeqArray(() => program())
            )
          )
        return pipe(
          Array.from({ length: PAIRS }),
          TE.traverseSeqArray(() =>
            pipe(
              TE.Do,
              TE.bind('a', () => sample(loop.value)),
              TE.bind('b', () => sample(flat.value)),
              TE.map(({ a, b }) => a.seconds.processor / b.seconds.processor)
            )
          )
        )
      }),
      TE.map(({ loop, flat, difference, ratios }) => {
        // the second and the ninth of ten are an interval of 98 % for the median
        const sorted = [...ratios].sort((a, b) => a - b)
        const [low, median, high] = [sorted[1]!, quantile(0.5, sorted), sorted.at(-2)!].map((r) =>
          r.toFixed(2)
        )
        const ms = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`
        const [fast, slow] = [() => undefined, () => 'to compare'].map((rule) => ms(prepared(rule)))
        process.stdout.write(
          `${name}: loop over written out ${median} (${low} to ${high}), to trace, optimise and lower ${fast} and ${slow}, ` +
            `to open ${ms(loop.seconds.wall)} and ${ms(flat.seconds.wall)}${difference === 0 ? ', same bits' : ''}\n`
        )
      })
    )

process.stdout.write(`${showMachine(thisMachine())}\n`)
await finish(
  pipe(
    TE.Do,
    TE.bind('loops', () => opened(() => undefined)),
    TE.bind('written', () => opened(() => 'to compare')),
    TE.flatMap(({ loops, written }) => pipe(chosen, TE.traverseSeqArray(measured(loops, written))))
  )
)
process.exit()
