import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { tangentError, type TangentError } from '../core/error.js'
import { decodeJson, digits, digitsDefaults, Experiment, methodNames, setNames } from '../experiment/index.js'
import { MOST_RUNS } from '../experiment/experiment.js'
import * as codec from '../format/codec.js'
import { ioError } from '../io/io-error.js'
import { commandOf, type Command, computing, optionLines, path } from './read-request.js'
import { type Answer, answerRequest, helpAnswer } from './answer.js'
import { loadImages } from './compute-job.js'
import { queueing } from './queue-place.js'
import { runExperiment } from './run-experiment.js'
import type { Terminal } from './terminal.js'

const { seeds: _seeds, ...defaults } = digitsDefaults

const StartOptions = t.partial({
  seed: codec.fromText(codec.whole(0)),
  seeds: codec.fromText(codec.whole(1, MOST_RUNS)),
  density: codec.fromText(codec.share),
  epsilon: codec.fromText(codec.atLeast(0)),
  epochs: codec.fromText(codec.whole(1)),
  'search-steps': codec.fromText(codec.whole(1)),
  'output-weight': codec.fromText(codec.atLeast(0)),
  ...computing.options
})
export type StartOptions = t.TypeOf<typeof StartOptions>

/** `tangentflow`: the bundled experiment with some of its settings as options. */
export const startCommand: Command<StartOptions> = {
  operation: 'tangentflow',
  words: [0, ''],
  options: StartOptions,
  help: {
    seed: ['n', 'the first seed', '0'],
    seeds: ['n', 'how many seeds, counted up from the first', '1'],
    density: ['share', 'share of the weights that every mask keeps, in (0, 1]', `${defaults.density}`],
    epsilon: ['radius', 'L∞ radius of the attacks, at least 0; pixels are in [0, 1]', `${defaults.epsilon}`],
    epochs: ['n', 'epochs of every training', `${defaults.epochs}`],
    'search-steps': ['n', 'steps of the search for the ticket', `${defaults.searchSteps}`],
    'output-weight': ['c', 'weight of the output term of the search, at least 0', `${defaults.outputWeight}`],
    ...computing.help,
    out: ['folder', 'where the runs are saved, and resumed', 'runs/<time>']
  }
}

/** What `tangentflow --help` prints. */
export const startUsage = [
  'Find an adversarial winning ticket on handwritten digits and compare it with other masks.',
  '',
  'tangentflow [options]',
  'tangentflow data --help        data sets: check what is there, fetch what is not',
  'tangentflow experiment --help  train and attack as a JSON file says',
  '',
  ...optionLines(startCommand),
  '',
  'Progress goes to stderr and the tables to stdout. The folder gets a checkpoint and a JSON file for each run, then',
  'result.json and report.html, which opens without a network. Called again with the same folder, it runs what is missing.'
].join('\n')

/** The bundled experiment with the options over it. */
export const startExperiment = (options: StartOptions): Experiment => {
  const { seed = 0, seeds = 1 } = options
  return digits({
    seeds: [seed, ...Array.from({ length: seeds - 1 }, (_, i) => seed + 1 + i)],
    density: options.density ?? defaults.density,
    epsilon: options.epsilon ?? defaults.epsilon,
    epochs: options.epochs ?? defaults.epochs,
    searchSteps: options['search-steps'] ?? defaults.searchSteps,
    outputWeight: options['output-weight'] ?? defaults.outputWeight
  })
}

const FileOptions = t.partial({
  experiment: path,
  data: path,
  ...computing.options,
  ...queueing.options
})

const fileCommand: Command<t.TypeOf<typeof FileOptions>> = {
  operation: 'tangentflow experiment',
  words: [1, '<file>'],
  options: FileOptions,
  help: {
    experiment: ['file', 'the file, without the word experiment'],
    data: ['folder', 'the folder that holds data sets', 'TANGENTFLOW_DATA'],
    ...computing.help,
    ...queueing.help,
    out: ['folder', 'where the runs are saved, and resumed', 'runs/<name of the experiment>']
  }
}

/** What `tangentflow experiment --help` prints. */
const fileUsage = [
  'Train and attack networks as a JSON file says, run by run; what is done is not done again.',
  '',
  'tangentflow experiment <file> [options]',
  '',
  ...optionLines(fileCommand),
  '',
  `Sets: ${setNames.join(', ')}. Methods: ${methodNames.join(', ')}.`,
  'The folder gets a checkpoint and a JSON file for each run, then result.json and report.html.'
].join('\n')

/** The experiment of a file; an error names the file and the path in it. */
export const readExperiment = (file: string): TE.TaskEither<TangentError, Experiment> =>
  pipe(
    TE.tryCatch(() => readFile(file), ioError(fileCommand.operation, 'a JSON file that can be read', file)),
    TE.flatMapEither(decodeJson(fileCommand.operation, Experiment, file))
  )

/** `tangentflow` with options; `now` names the folder of a run that names none. */
export const start = (
  args: readonly string[],
  terminal: Terminal,
  now: Date
): TE.TaskEither<TangentError, Answer> =>
  answerRequest(startCommand, startUsage, args, ({ options, given }) => {
    const job = {
      experiment: startExperiment(options),
      options,
      out: options.out ?? `runs/${now.toISOString().slice(0, 19).replaceAll(':', '-')}`,
      operation: startCommand.operation,
      command: commandOf('npx tangentflow', startCommand, given)
    }
    return runExperiment(job, terminal)
  })

/** `experiment …` of the command, or `--experiment FILE`. */
export const experimentCommand = (
  args: readonly string[],
  terminal: Terminal
): TE.TaskEither<TangentError, Answer> =>
  answerRequest(fileCommand, fileUsage, args, ({ options, words, given }) => {
    const [file, ...rest] = [...(options.experiment === undefined ? [] : [options.experiment]), ...words]
    const { operation } = fileCommand
    if (file === undefined) return TE.right(helpAnswer(fileUsage))
    if (rest.length > 0)
      return TE.left(tangentError('ConfigError', operation, 'one file', [file, ...rest].join(' ')))
    return pipe(
      readExperiment(file),
      TE.bindTo('experiment'),
      TE.bind('images', ({ experiment }) => loadImages(experiment, options.data)),
      TE.flatMap(({ experiment, images }) =>
        runExperiment(
          {
            experiment,
            ...(images && { images }),
            options,
            out: options.out ?? join('runs', experiment.name),
            operation,
            command: commandOf(`npx ${operation} ${file}`, fileCommand, given)
          },
          terminal
        )
      )
    )
  })
