import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { engineOf } from '../lib/engine/engine.js'
import type { LoopRule } from '../lib/engine/loops.js'
import { openOnnx } from '../lib/engine/onnx/index.js'
import {
  compile,
  grad,
  key,
  ndarray,
  type NdArray,
  nn,
  ops,
  type Runner,
  spec,
  type TangentError,
  tangentError,
  type Tensor,
  uniforms
} from '../lib/index.js'
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

/** A function of two arrays. */
interface Case {
  readonly name: string
  readonly f: (w: Tensor, x: Tensor) => Tensor
  readonly shapes: readonly [w: readonly number[], x: readonly number[]]
}

/** Steps of PGD against a network of one hidden layer, whose output weights are those of its input, transposed. */
const attacked = (inputs: number, width: number, examples: number, steps: number): Case => ({
  name: `PGD, ${inputs}-${width}-${inputs}, ${examples} examples, ${steps} steps`,
  shapes: [
    [inputs, width],
    [examples, inputs]
  ],
  f: (w, start) => {
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
})

/** The gradient of a recurrent network by its weights. */
const recurrent = (width: number, examples: number, steps: number): Case => ({
  name: `gradient through h ← tanh(hW), ${width} units, ${examples} examples, ${steps} steps`,
  shapes: [
    [width, width],
    [examples, width]
  ],
  f: (w, x) =>
    grad((v: Tensor) =>
      ops.sum()(ops.square(ops.scan((h: Tensor) => [ops.tanh(ops.matmul(v)(h)), []] as const, steps)(x)[0]))
    )(w)
})

const cases: readonly Case[] = [
  ...[5, 10, 16, 40].map((steps) => attacked(4, 8, 4, steps)),
  ...[5, 10, 16, 40].map((steps) => attacked(64, 64, 64, steps)),
  ...[5, 40].map((steps) => attacked(784, 300, 128, steps)),
  ...[10, 40].map((steps) => recurrent(256, 64, steps))
]

const arraysOf = ({ shapes }: Case): readonly [NdArray, NdArray] => {
  const [w, x] = shapes.map((shape, i) => {
    const [rows = 1, columns = 1] = shape
    const scale = i === 0 ? 2 / Math.sqrt(rows) : 1
    return ndarray.of(
      shape,
      uniforms(key(i), rows * columns).map((u) => scale * (i === 0 ? u - 0.5 : u))
    )
  })
  return [w!, x!]
}

/** An engine with a rule of its own for loops. */
const opened = (rule: LoopRule): TE.TaskEither<TangentError, Runner> =>
  pipe(
    openOnnx('native')({ threads: 1 }),
    TE.map((backend) => engineOf('onnx:native', backend, rule))
  )

const largest = (data: ArrayLike<number>): number => Math.max(...Array.from(data, Math.abs))

/** How much longer the loop takes, and how long both take to compile. */
const measured =
  (loops: Runner, written: Runner) =>
  (work: Case): TE.TaskEither<TangentError, void> => {
    const [w, x] = arraysOf(work)
    const ready = (runner: Runner) => timed(compile(runner)(work.f, [spec(w.shape), spec(x.shape)]))
    return pipe(
      TE.Do,
      TE.bind('loop', () => ready(loops)),
      TE.bind('flat', () => ready(written)),
      TE.bind('first', ({ loop }) => loop.value(w, x)),
      TE.bind('second', ({ flat }) => timed(flat.value(w, x))),
      TE.let('difference', ({ first, second }) =>
        largest(first.value.data.map((value, i) => value - second.value.value.data[i]!))
      ),
      TE.filterOrElse(
        ({ difference, first }) => difference <= 1e-5 * largest(first.value.data),
        ({ difference }) =>
          tangentError('EngineError', 'loops', 'equal results', `${difference} between them`)
      ),
      TE.bind('ratios', ({ loop, flat, second }) => {
        const runs = Array.from({ length: Math.ceil(SAMPLE / Math.max(second.seconds.wall, 1e-4)) })
        const sample = (program: typeof loop.value) =>
          timed(
            pipe(
              runs,
              TE.traverseSeqArray(() => program(w, x))
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
        const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(q, ratios).toFixed(2))
        const [fast, slow] = [loop, flat].map(({ seconds }) => `${(1000 * seconds.wall).toFixed(0)} ms`)
        process.stdout.write(
          `${work.name}: loop over written out ${median} (half of the pairs ${low} to ${high}), to compile ${fast} and ${slow}` +
            `${difference === 0 ? ', same bits' : ''}\n`
        )
      })
    )
  }

process.stdout.write(`${showMachine(thisMachine())}\n`)
await finish(
  pipe(
    TE.Do,
    TE.bind('loops', () => opened(() => undefined)),
    TE.bind('written', () => opened(() => 'to compare')),
    TE.flatMap(({ loops, written }) => pipe(cases, TE.traverseSeqArray(measured(loops, written))))
  )
)
process.exit()
