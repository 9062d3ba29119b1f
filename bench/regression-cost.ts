import type * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { plot, type TangentError } from '../lib/index.js'
import { finish, readJson, writeJson, writeText } from './harness/files.js'
import type { Seconds } from './harness/seconds.js'

// How the cost of kernel regression grows with the number of examples, beside n². Gathers the files that
// `bench:regression --json` has written into bench/results/regression.json and draws docs/regression-cost.svg; without files it
// only draws: `node dist/bench/regression-cost.js [FILE …]`.

const RESULTS = 'bench/results/regression.json'
const PICTURE = 'docs/regression-cost.svg'

/** The parts of a record of `bench:regression` that are drawn. */
interface Point {
  readonly examples: number
  readonly seconds: { readonly [K in 'train' | 'solve']: Seconds }
}

const measures: Readonly<Record<string, (point: Point) => number>> = {
  kernel: ({ seconds }) => seconds.train.processor,
  solution: ({ seconds }) => seconds.solve.processor
}

const draw = (points: readonly Point[]): E.Either<TangentError, string> => {
  const series = Object.entries(measures).flatMap(([name, of]): readonly plot.Series[] => {
    const last = points.at(-1)!
    const square = (n: number): number => of(last) * (n / last.examples) ** 2
    return [
      { name, points: points.map((point) => ({ x: point.examples, y: of(point) })), draw: 'dots' },
      { name: `${name}, as n²`, points: points.map(({ examples }) => ({ x: examples, y: square(examples) })) }
    ]
  })
  return plot.lines(series, {
    title: 'kernel regression as examples grow',
    across: 'training images n',
    up: 'seconds of the processor',
    x: 'log',
    y: 'log'
  })
}

const files = process.argv.slice(2)
await finish(
  pipe(
    files.length === 0
      ? readJson<readonly Point[]>(RESULTS)
      : pipe(
          files,
          TE.traverseSeqArray((file) => readJson<Point>(file)),
          TE.map((points) => [...points].sort((a, b) => a.examples - b.examples)),
          TE.tap((points) => writeJson(RESULTS, points))
        ),
    TE.flatMapEither(draw),
    TE.flatMap(writeText(PICTURE))
  )
)
