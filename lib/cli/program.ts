import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { formatError, type TangentError } from '../core/error.js'
import { digitsSplit } from '../data/index.js'
import type { Engine } from '../engine/engine.js'
import { withEngine } from '../engine/open.js'
import { openRunFolder, type RunFolder } from '../io/index.js'
import { htmlReport, type RunRecord, type SeedResult, textReport } from '../report/index.js'
import { compare, type Event } from './comparison.js'
import { dataCommand } from './data-command.js'
import { engineOptions } from './engine-options.js'
import { experimentCommand } from './experiment.js'
import { checkStudy, type Study } from './study.js'
import { places } from '../experiment/measure.js'
import { type Options, readOptions, usage } from './options.js'
import { defaults, type Setting } from './setting.js'
import { type Display, display, type Terminal } from './terminal.js'

const settingOf = (options: Options): Setting => ({
  ...defaults,
  density: options.density,
  epsilon: options.epsilon,
  epochs: options.epochs,
  searchSteps: options['search-steps'],
  outputWeight: options['output-weight']
})

const keepIn =
  (folder: RunFolder) =>
  (events: readonly Event[]): TaskEither<TangentError, void> =>
    pipe(
      events,
      TE.traverseSeqArray((event) => TE.fromIOEither(folder.event(event))),
      TE.map(() => undefined)
    )

const summary = ({ seed, seconds, methods }: SeedResult): string =>
  `seed ${seed}: ${methods.map(({ method, robust }) => `${method} ${(100 * robust).toFixed(1)}`).join(', ')} ` +
  `% robust, ${seconds.toFixed(1)} s`

const compareSeeds = (
  study: Study,
  { seed, seeds }: Options,
  engine: Engine,
  folder: RunFolder,
  shown: Display
): TaskEither<TangentError, readonly SeedResult[]> =>
  pipe(
    places(seed, seeds),
    TE.traverseSeqArray((one) =>
      pipe(
        compare(study, { progress: shown.progress, keep: keepIn(folder) })(one)(engine),
        TE.tapIO((result) => shown.note(summary(result)))
      )
    )
  )

/** The run itself: everything is checked and opened before the folder is, and the folder before anything is computed. */
const runWith = (options: Options, terminal: Terminal): TaskEither<TangentError, string> => {
  const shown = display(terminal)
  const setting = settingOf(options)
  const study: Study = { setting, ...digitsSplit() }
  const { seed, seeds, engine: wanted, threads, out } = options
  const config = { seed, seeds, engine: wanted, threads, out, ...setting }
  const started = Date.now()
  return pipe(
    TE.fromEither(checkStudy(study, options.seed + (options.seeds - 1))),
    TE.flatMap(() =>
      withEngine(engineOptions(options.engine, options.threads))((engine) =>
        pipe(
          TE.fromIOEither(openRunFolder(options.out, config)),
          TE.tapIO(() => {
            const { backend, threads } = engine.describe
            return shown.note(`${engine.name} (${backend}), threads: ${threads}; writing to ${options.out}`)
          }),
          TE.bindTo('folder'),
          TE.bind('seeds', ({ folder }) => compareSeeds(study, options, engine, folder, shown)),
          TE.let('record', ({ seeds }): RunRecord => ({
            config,
            executed: engine.describe,
            seconds: (Date.now() - started) / 1000,
            checkpoints: places(1, setting.checkpoints).map(
              (i) => (i * setting.epochs) / setting.checkpoints
            ),
            seeds
          })),
          TE.tap(({ folder, record }) => TE.fromIOEither(folder.result(record))),
          TE.bind('page', ({ folder, record }) => TE.fromIOEither(folder.report(htmlReport(record)))),
          TE.tapIO(() => shown.clear),
          TE.map(({ record, page }) => `${textReport(record)}\n\nreport: ${page}`)
        )
      )
    ),
    TE.tapError(() => TE.fromIO(shown.clear))
  )
}

/** Whether `--experiment` names a file, wherever it stands. */
const asksForExperiment = (args: readonly string[]): boolean =>
  args.some((word) => word === '--experiment' || word.startsWith('--experiment='))

/** The command: arguments in, an exit code out; a failure is one line on stderr and code 1. */
export const program =
  (args: readonly string[], terminal: Terminal): Task<number> =>
  async () => {
    const result = await (
      args[0] === 'data'
        ? dataCommand(args.slice(1), terminal)
        : args[0] === 'experiment' || asksForExperiment(args)
          ? experimentCommand(args[0] === 'experiment' ? args.slice(1) : args, terminal)
          : pipe(
              TE.fromEither(readOptions(args, new Date())),
              TE.flatMap((options) => (options === 'help' ? TE.right(usage) : runWith(options, terminal)))
            )
    )()
    if (E.isLeft(result)) {
      terminal.err(`${formatError(result.left).replaceAll(/\s*\n\s*/g, ' ')}\n`)
      return 1
    }
    terminal.out(`${result.right}\n`)
    return 0
  }
