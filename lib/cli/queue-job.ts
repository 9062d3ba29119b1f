import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as T from 'fp-ts/lib/Task.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { TangentError } from '../core/error.js'
import { engineOptions } from '../engine/engine-choice.js'
import { withEngine } from '../engine/open-engine.js'
import type { PhaseProgress } from '../experiment/compute-run.js'
import { work } from '../queue/index.js'
import { imageLoader, thinned } from './compute-job.js'
import { openPlace } from './queue-place.js'

/** The name of the command in errors. */
export const WORKER = 'tangentflow worker'

/** Taking runs from a queue, for a process of its own: the options of the command. */
export const QueueJob = t.partial({ queue: t.string, store: t.string, data: t.string })
export type QueueJob = t.TypeOf<typeof QueueJob>

/** What a process says that takes runs: where from, and how far a run is. */
export type WorkEvent = { readonly taking: string } | (PhaseProgress & { readonly run: string })

/** Takes runs from a queue, one at a time, until `stop` says so. */
export const takeRuns = (
  options: QueueJob,
  emit: (event: WorkEvent) => IO<void>,
  stop: Task<boolean> | undefined
): TE.TaskEither<TangentError, void> => {
  const load = imageLoader()
  return pipe(
    openPlace(WORKER, options),
    TE.tapIO(({ address }) => emit({ taking: address.shown })),
    TE.flatMap((opened) =>
      pipe(
        work(opened, {
          open: (choice) => withEngine(engineOptions(choice)),
          images: (experiment) => load(experiment, options.data),
          onProgress: thinned<PhaseProgress & { readonly run: string }>(emit),
          ...(stop && { stop })
        }),
        T.tap(() => opened.close)
      )
    )
  )
}
