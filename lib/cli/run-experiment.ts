import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
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
  type OpenEngine,
  run
} from '../experiment/index.js'
import { fileStore, type FolderLock, folderLock } from '../io/index.js'
import { experimentHtml, experimentText } from '../report/index.js'
import type { Answer } from './answer.js'
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

/** Runs an experiment in a folder, where it saves its runs, its result and its report; gives its tables and its record. */
export const runExperiment = (
  { experiment, images, options, out, operation, command }: Job,
  terminal: Terminal
): TE.TaskEither<TangentError, Answer> => {
  const shown = display(terminal)
  const [resultFile, reportFile] = [join(out, 'result.json'), join(out, 'report.html')]
  const [result, report] = [fileStore(resultFile), fileStore(reportFile)]
  const lock = folderLock(out)
  const open = opener(engineOptions(options), shown, out, lock)
  const { stop, worker } = terminal
  const count = worker === undefined ? 1 : jobCount(experiment, options)
  const processes =
    worker === undefined || count === 1
      ? undefined
      : processJobs(count, {
          experiment,
          options,
          out,
          worker,
          // opened once here, so that an engine that is not there or a folder that is taken is said once
          begin: open(() => TE.right(undefined)),
          stop
        })
  return pipe(
    checkResult(result, operation, resultFile, experiment.name),
    TE.tap(() => checkReport(report, operation, reportFile)),
    TE.flatMap(() =>
      run(experiment, {
        ...(images && { images }),
        ...(stop && { stop }),
        ...(processes && { jobs: processes.jobs }),
        store: (name) => fileStore(join(out, name)),
        onProgress: shown.progress,
        command
      })(open)
    ),
    TE.tap((record) => result.write(encodeJson(record))),
    TE.tap((record) => report.write(new TextEncoder().encode(experimentHtml(record)))),
    TE.map((record) => ({
      text: `${experimentText(record)}\n\nreport: ${reportFile}`,
      json: { result: resultFile, report: reportFile, record }
    })),
    T.tap(() => processes?.close ?? T.of(undefined)),
    T.tapIO(() => shown.clear),
    T.tapIO(() => lock.release)
  )
}
