import { join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { leftWith, type TangentError } from '../core/error.js'
import { engineChoices, engineOptions } from '../engine/engine-choice.js'
import { withEngine } from '../engine/open-engine.js'
import { computeRun, type PhaseProgress } from '../experiment/compute-run.js'
import { encodeRun } from '../experiment/experiment-record.js'
import { checkpointName, Experiment, runsOf } from '../experiment/experiment.js'
import { type ImageSet, imagesOf } from '../experiment/images.js'
import * as codec from '../format/codec.js'
import { fileStore, loadSet } from '../io/index.js'
import type { TaskContext } from '../io/serve-tasks.js'

const OPERATION = 'tangentflow experiment'

/** A run of an experiment for another process: its place among the runs, and where its checkpoints are. */
export const RunJob = codec.closed(
  {
    experiment: Experiment,
    place: codec.whole(0),
    engine: codec.oneOf(engineChoices),
    threads: codec.whole(1),
    out: t.string
  },
  { data: t.string }
)
export type RunJob = t.TypeOf<typeof RunJob>

/** The images of an experiment's data set; undefined for the bundled ones. */
export const loadImages = (
  { data: { set } }: Experiment,
  data: string | undefined
): TE.TaskEither<TangentError, ImageSet | undefined> =>
  set === 'digits' ? TE.right(undefined) : loadSet(set, data === undefined ? {} : { data })

/** Reads images, and remembers the last set, since the next run of a process has most often the same one. */
export const imageLoader = (): typeof loadImages => {
  let last: { readonly name: string; readonly images: ImageSet | undefined } | undefined
  return (experiment, data) => {
    const name = JSON.stringify([experiment.data.set, data])
    return last?.name === name
      ? TE.right(last.images)
      : pipe(
          loadImages(experiment, data),
          TE.tapIO((images) => () => void (last = { name, images }))
        )
  }
}

/** Milliseconds from one message on a phase to the next. */
const INTERVAL = 50

/** Progress without what is neither the beginning nor the end of a phase and comes soon after what was told before. */
export const thinned = <P extends PhaseProgress>(emit: TaskContext<P>['emit']): typeof emit => {
  let last = { phase: '', at: -Infinity }
  return (progress) => () => {
    const { phase, done, total } = progress
    const now = performance.now()
    if (phase === last.phase && done < total && now - last.at < INTERVAL) return
    last = { phase, at: now }
    emit(progress)()
  }
}

/** Computes runs that another process asks for; each answer is the file of the finished run, as text. */
export const jobComputer = (): ((
  job: unknown,
  context: TaskContext<PhaseProgress>
) => TE.TaskEither<TangentError, string>) => {
  const load = imageLoader()
  return (asked, { emit, stop }) =>
    pipe(
      TE.fromEither(codec.decode(OPERATION, RunJob)(asked)),
      TE.bindTo('job'),
      TE.bind('setting', ({ job: { experiment, place } }) => {
        const setting = runsOf(experiment)[place]
        return setting === undefined
          ? TE.fromEither(leftWith('ConfigError', OPERATION)('the place of a run', `${place}`))
          : TE.right(setting)
      }),
      TE.bind('whole', ({ job: { experiment, data } }) => load(experiment, data)),
      TE.bind('images', ({ job: { experiment }, whole }) => TE.fromEither(imagesOf(experiment, whole))),
      TE.flatMap(({ job, setting, images }) =>
        computeRun(job.experiment, setting, {
          images,
          store: (run, phase) => fileStore(join(job.out, checkpointName(run, phase))),
          onProgress: thinned(emit),
          stop
        })(withEngine(engineOptions(job)))
      ),
      TE.map((run) => new TextDecoder().decode(encodeRun(run)))
    )
}
