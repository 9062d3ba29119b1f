import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { readStore, type Store } from '../checkpoint/checkpoint.js'
import { leftWith, type TangentError } from '../core/error.js'
import { engineOptions } from '../engine/engine-choice.js'
import { type EngineOptions, withEngine } from '../engine/open-engine.js'
import {
  decodeJson,
  encodeJson,
  type Experiment,
  ExperimentRecord,
  type ImageSet,
  type Jobs,
  type OpenEngine,
  run
} from '../experiment/index.js'
import { queueJobs } from '../queue/index.js'
import { fileStore, type FolderLock, folderLock } from '../io/index.js'
import { experimentHtml, experimentText } from '../report/index.js'
import type { Answer } from './answer.js'
import { openPlace } from './queue-place.js'
import { type ComputeOptions, jobCount, processJobs } from './process-jobs.js'
import { type Display, display, type Terminal } from './terminal.js'

/** Refuses a folder that holds the result of another experiment, which would be lost. */
const checkResult = (
  store: Store,
  operation: string,
  file: string,
  name: string
): TE.TaskEither<TangentError, unknown> =>
  readStore(store, (bytes) =>
    pipe(
      bytes,
      decodeJson(operation, ExperimentRecord, file),
      E.flatMap((record) =>
        record.name === name
          ? E.right(record)
          : leftWith('ConfigError', operation)(`a result of ${name}, or none`, record.name, file)
      )
    )
  )

/** What every report has, those of version 0.1.0 too. */
const REPORT = /<meta name="generator" content="tangentflow">|tr\.start td \{ border-top/

/** Refuses a folder in which the name of the report is taken by a page of something else. */
const checkReport = (store: Store, operation: string, file: string): TE.TaskEither<TangentError, unknown> =>
  readStore(store, (bytes) =>
    REPORT.test(new TextDecoder().decode(bytes))
      ? E.right(undefined)
      : leftWith('ConfigError', operation)('a report of this library, or none', 'another page', file)
  )

/** An engine for each run; with the first one the folder is taken, and the engine is noted. */
const opener = (
  choice: EngineOptions,
  { note }: Display,
  out: string,
  { acquire }: FolderLock
): OpenEngine => {
  let isNoted = false
  return (use) =>
    withEngine(choice)((engine) => {
      const { engine: name, backend, threads } = engine.describe
      const told = isNoted
        ? TE.right(undefined)
        : TE.fromIO(note(`${name} (${backend}), threads: ${threads}; writing to ${out}`))
      isNoted = true
      return pipe(
        TE.fromIOEither(acquire),
        TE.flatMap(() => told),
        TE.flatMap(() => use(engine))
      )
    })
}

/** An experiment to run: its images where they are not bundled, how it is computed, and the folder that it is saved in. */
export interface Job {
  readonly experiment: Experiment
  readonly images?: ImageSet
  readonly options: ComputeOptions
  readonly out: string
  /** The name of the command in errors, and the command line that gives the same results again. */
  readonly operation: string
  readonly command: string
}

/** Where the runs of an experiment are computed: in this process where there are no jobs. */
interface ComputePlace {
  readonly jobs?: Jobs
  readonly close: Task<void>
}

/** Workers of a queue, processes of this machine, or this process, as the options say. */
const placeOf = (
  { experiment, options, out, operation }: Job,
  { worker, stop }: Terminal,
  { note }: Display,
  open: OpenEngine,
  { acquire }: FolderLock
): TE.TaskEither<TangentError, ComputePlace> => {
  if (options.queue !== undefined)
    return pipe(
      TE.fromIOEither(acquire),
      TE.flatMap(() => openPlace(operation, options)),
      TE.tapIO(({ address }) => note(`runs go to ${address.shown}; writing to ${out}`)),
      TE.map((opened) => ({ jobs: queueJobs(opened, experiment, options, stop), close: opened.close }))
    )
  const count = worker === undefined ? 1 : jobCount(experiment, options)
  if (worker === undefined || count === 1) return TE.right({ close: T.of(undefined) })
  // an engine is opened once here, so that one that is not there or a folder that is taken is said once
  const begin = open(() => TE.right(undefined))
  return TE.right(processJobs(count, { experiment, options, out, worker, begin, stop }))
}

/** Runs an experiment in a folder, where it saves its runs, its result and its report; gives its tables and its record. */
export const runExperiment = (job: Job, terminal: Terminal): TE.TaskEither<TangentError, Answer> => {
  const { experiment, images, options, out, operation, command } = job
  const shown = display(terminal)
  const [resultFile, reportFile] = [join(out, 'result.json'), join(out, 'report.html')]
  const [result, report] = [fileStore(resultFile), fileStore(reportFile)]
  const lock = folderLock(out)
  const open = opener(engineOptions(options), shown, out, lock)
  const { stop } = terminal
  return pipe(
    checkResult(result, operation, resultFile, experiment.name),
    TE.tap(() => checkReport(report, operation, reportFile)),
    TE.flatMap(() => placeOf(job, terminal, shown, open, lock)),
    TE.flatMap(({ jobs, close }) =>
      pipe(
        run(experiment, {
          ...(images && { images }),
          ...(stop && { stop }),
          ...(jobs && { jobs }),
          store: (name) => fileStore(join(out, name)),
          onProgress: shown.progress,
          command
        })(open),
        T.tap(() => close)
      )
    ),
    // runs that are all there open no engine, and what is written below is written by one process too
    TE.tap(() => TE.fromIOEither(lock.acquire)),
    TE.tap((record) => result.write(encodeJson(record))),
    TE.tap((record) => report.write(new TextEncoder().encode(experimentHtml(record)))),
    TE.map((record) => ({
      text: `${experimentText(record)}\n\nreport: ${reportFile}`,
      json: { result: resultFile, report: reportFile, record }
    })),
    T.tapIO(() => shown.clear),
    T.tapIO(() => lock.release)
  )
}
