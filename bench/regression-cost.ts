import { readFile, writeFile } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { formatError, plot, type TangentError, tangentError } from '../lib/index.js'

// How the cost of kernel regression grows with the number of examples, beside n². Gathers the files that
// `bench:regression --json` has written into bench/results/regression.json and draws docs/regression-cost.svg; without files it
// only draws: `node dist/bench/regression-cost.js [FILE …]`.

const RESULTS = 'bench/results/regression.json'
const PICTURE = 'docs/regression-cost.svg'

interface Seconds {
  readonly wall: number
  readonly processor: number
}

/** The parts of a record of `bench:regression` that are drawn. */
interface Point {
  readonly examples: number
  readonly seconds: { readonly [K in 'train' | 'solve']: Seconds }
}

const inFile =
  (path: string) =>
  (thrown: unknown): TangentError =>
    tangentError('IoError', 'regression-cost', 'a file that can be read and written', String(thrown), path)

const readJson = <A>(path: string): TE.TaskEither<TangentError, A> =>
  TE.tryCatch(async () => JSON.parse(await readFile(path, 'utf8')) as A, inFile(path))

const write =
  (path: string) =>
  (text: string): TE.TaskEither<TangentError, void> =>
    TE.tryCatch(() => writeFile(path, text), inFile(path))

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
const finished = await pipe(
  files.length === 0
    ? readJson<readonly Point[]>(RESULTS)
    : pipe(
        files,
        TE.traverseSeqArray((file) => readJson<Point>(file)),
        TE.map((points) => [...points].sort((a, b) => a.examples - b.examples)),
        TE.tap((points) => write(RESULTS)(`${JSON.stringify(points, null, 2)}\n`))
      ),
  TE.flatMapEither(draw),
  TE.flatMap(write(PICTURE))
)()
if (E.isLeft(finished)) {
  process.stderr.write(`${formatError(finished.left)}\n`)
  process.exitCode = 1
}
