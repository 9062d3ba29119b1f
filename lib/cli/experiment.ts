import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { tangentError, type TangentError } from '../core/error.js'
import { engineName, type EngineOptions, withEngine } from '../engine/open.js'
import * as codec from '../format/codec.js'
import { decode } from '../format/decode.js'
import { fileStore } from '../io/index.js'
import { type ExperimentRecord, ExperimentRun } from '../experiment/record.js'
import { experimentHtml, experimentText } from '../report/index.js'
import { engineOptions } from './engine-options.js'
import type { Terminal } from './terminal.js'
import { type Images, imagesOf } from '../experiment/data.js'
import { perform, settingOf } from '../experiment/run.js'
import { methodNames } from '../experiment/method-setting.js'
import { Experiment, nameOf, type RunSetting, runsOf, setNames } from '../experiment/setting.js'
import { parseWords } from './arguments.js'

/** What `npm start -- experiment --help` prints. */
const usage = [
  'Train and attack networks as a JSON file says, run by run; what is done is not done again.',
  '',
  'npm start -- experiment <file> [--data DIR] [--out DIR] [--engine name] [--threads n]',
  '',
  `  ${'--data <folder>'.padEnd(24)}the folder that holds data sets (TANGENTFLOW_DATA)`,
  `  ${'--out <folder>'.padEnd(24)}where runs are kept and taken up again (runs/<name of the experiment>)`,
  `  ${'--engine <name>'.padEnd(24)}auto, or an engine that is required (auto)`,
  `  ${'--threads <n>'.padEnd(24)}threads of the engine (1)`,
  '',
  `Sets: ${setNames.join(', ')}. Methods: ${methodNames.join(', ')}.`,
  'The folder gets a checkpoint and a JSON file for each run, then result.json and report.html.'
].join('\n')

interface Request {
  readonly file: string
  readonly data: string | undefined
  readonly out: string | undefined
  readonly engine: string
  readonly threads: number
}

const operation = 'npm start -- experiment'

const read = (args: readonly string[]): E.Either<TangentError, 'help' | Request> => {
  const parsed = parseWords({
    args: [...args],
    allowPositionals: true,
    options: {
      experiment: { type: 'string' },
      data: { type: 'string' },
      out: { type: 'string' },
      engine: { type: 'string', default: 'auto' },
      threads: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  if (E.isLeft(parsed))
    return E.left(
      tangentError('ConfigError', operation, '<file>, --data, --out, --engine, --threads', parsed.left)
    )
  const {
    values: { experiment, data, out, engine, threads, help },
    positionals
  } = parsed.right
  const [file, ...rest] = [...(experiment === undefined ? [] : [experiment]), ...positionals]
  if (help || file === undefined) return E.right('help')
  if (rest.length > 0)
    return E.left(tangentError('ConfigError', operation, 'one file', [file, ...rest].join(' ')))
  return pipe(
    codec.fromText(codec.whole(1)),
    (whole) => decode(operation, whole)(threads),
    E.mapLeft((error) => ({ ...error, where: '--threads' })),
    E.map((count) => ({ file, data, out, engine, threads: count }))
  )
}

const parsed =
  (path: string) =>
  (text: string): E.Either<TangentError, unknown> =>
    E.tryCatch(
      (): unknown => JSON.parse(text),
      (thrown) =>
        tangentError('ConfigError', operation, 'JSON', thrown instanceof Error ? thrown.message : '', path)
    )

/** The experiment of a file; an error names the file and the path in it. */
export const readExperiment = (path: string): TE.TaskEither<TangentError, Experiment> =>
  pipe(
    TE.tryCatch(
      () => readFile(path, 'utf8'),
      () => tangentError('IoError', operation, 'an experiment, a JSON file that can be read', 'none', path)
    ),
    TE.flatMapEither(parsed(path)),
    TE.flatMapEither((value) =>
      pipe(
        value,
        decode(operation, Experiment),
        E.mapLeft((error) =>
          error.where === path || error.where === undefined
            ? { ...error, where: path }
            : { ...error, where: `${path}: ${error.where}` }
        )
      )
    )
  )

/** JSON as people read it, but for rows of numbers, which stand on one line each. */
const json = (value: object): Uint8Array => {
  const text = JSON.stringify(value, null, 1).replaceAll(/\[[-+.\de,\s]+\]/g, (row) =>
    row.replaceAll(/\s+/g, '')
  )
  return new TextEncoder().encode(`${text}\n`)
}

/** The run that a file holds, if it is done; one of another setting is refused, so that no result is lost. */
const finished = (
  path: string,
  experiment: Experiment,
  run: RunSetting
): TE.TaskEither<TangentError, ExperimentRun | undefined> =>
  pipe(
    fileStore(path).read,
    TE.flatMapEither((bytes): E.Either<TangentError, ExperimentRun | undefined> => {
      if (bytes === undefined) return E.right(undefined)
      return pipe(
        parsed(path)(new TextDecoder().decode(bytes)),
        E.flatMap(decode(operation, ExperimentRun)),
        E.filterOrElse(
          ({ setting }) => JSON.stringify(setting) === JSON.stringify(settingOf(experiment, run)),
          () =>
            tangentError(
              'ConfigError',
              operation,
              'a run of this experiment, or none',
              'a run of another',
              path
            )
        )
      )
    })
  )

const SECOND = 1000

/** A line at the start and the end of every phase, and every ten seconds between. */
const teller = ({ err }: Terminal, name: string) => {
  let last = { phase: '', at: -Infinity }
  return (phase: string, done: number, total: number, says: string): IO<void> =>
    () => {
      const now = Date.now()
      if (phase === last.phase && done < total && now - last.at < 10 * SECOND) return
      last = { phase, at: now }
      err(`${name}  ${phase}  ${done}/${total}  ${says}\n`)
    }
}

/** All runs, each on an engine of its own: what a run compiled is given back when it is done. */
const allRuns = (
  experiment: Experiment,
  images: Images,
  out: string,
  choice: EngineOptions,
  terminal: Terminal
): TE.TaskEither<TangentError, readonly ExperimentRun[]> =>
  pipe(
    runsOf(experiment),
    TE.traverseSeqArray((run) => {
      const name = nameOf(run)
      const path = join(out, `${name}.json`)
      return pipe(
        finished(path, experiment, run),
        TE.flatMap((done) =>
          done !== undefined
            ? TE.right(done)
            : pipe(
                withEngine(choice)((engine) =>
                  perform(experiment, run, {
                    images,
                    executed: engine.describe,
                    store: (of, phase) => fileStore(join(out, `${nameOf(of)}.${phase}.checkpoint`)),
                    tell: teller(terminal, name)
                  })(engine)
                ),
                TE.tap((result) => fileStore(path).write(json(result)))
              )
        )
      )
    })
  )

/** The command that gives these results again, anywhere: the folder of the data is another on every machine. */
const wordsOf = ({ file, data, engine, threads }: Request): string =>
  [
    `${operation} ${file}`,
    ...(data === undefined ? [] : ['--data DIR']),
    ...(engine === 'auto' ? [] : [`--engine ${engine}`]),
    ...(threads === 1 ? [] : [`--threads ${threads}`])
  ].join(' ')

const conduct = (request: Request, terminal: Terminal): TE.TaskEither<TangentError, string> =>
  pipe(
    TE.Do,
    TE.bind('experiment', () => readExperiment(request.file)),
    TE.bind('name', () => TE.fromEither(engineName(request.engine))),
    TE.bind('images', ({ experiment }) => imagesOf(experiment, request.data)),
    TE.flatMap(({ experiment, images, name }) => {
      const { threads } = request
      const out = request.out ?? join('runs', experiment.name)
      return pipe(
        allRuns(experiment, images, out, engineOptions(name, threads), terminal),
        TE.map((runs): ExperimentRecord => ({
          name: experiment.name,
          command: wordsOf(request),
          experiment,
          runs
        })),
        TE.tap((record) => fileStore(join(out, 'result.json')).write(json(record))),
        TE.tap((record) =>
          fileStore(join(out, 'report.html')).write(new TextEncoder().encode(experimentHtml(record)))
        ),
        TE.map((record) => `${experimentText(record)}\n\nreport: ${join(out, 'report.html')}`)
      )
    })
  )

/** `experiment …` of the command. */
export const experimentCommand = (
  args: readonly string[],
  terminal: Terminal
): TE.TaskEither<TangentError, string> =>
  pipe(
    TE.fromEither(read(args)),
    TE.flatMap((request) => (request === 'help' ? TE.right(usage) : conduct(request, terminal)))
  )
