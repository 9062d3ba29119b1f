import * as IO from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Store } from '../checkpoint/checkpoint.js'
import { tangentError, type TangentError } from '../core/error.js'
import type { Engine } from '../engine/engine.js'
import type { Images } from './images.js'
import type { ExperimentRun } from './experiment-record.js'
import { type Experiment, nameOf, type RunSetting } from './experiment.js'
import { runOne } from './run-one.js'

/** Opens an engine, uses it and closes it: `withEngine(options)`, or `(use) => use(engine)` for an engine that stays open. */
export type OpenEngine = <A>(
  use: (engine: Engine) => TE.TaskEither<TangentError, A>
) => TE.TaskEither<TangentError, A>

/** What a run says while it is computed. */
export interface PhaseProgress {
  /** Such as `search`, `training`, the name of an attack, `finished` or `failed`. */
  readonly phase: string
  /** How much of the phase is done. */
  readonly done: number
  /** How much the phase has to do. */
  readonly total: number
  /** What the phase says of itself, such as its loss. */
  readonly note: string
}

/** What one run is computed with. */
export interface ComputeInput {
  /** The images of the experiment. */
  readonly images: Images
  /** Where checkpoints are saved by run and phase. */
  readonly store: (run: RunSetting, phase: string) => Store
  /** Called with what the run says. */
  readonly onProgress?: (progress: PhaseProgress) => IO.IO<void>
  /** Asked before every program that an engine runs: true ends the run there with a StopError, saved. */
  readonly stop?: Task<boolean>
}

/** An engine whose programs are refused once `stop` says so: what was computed by then is saved by whoever ran them. */
const stoppable = ({ resident, ...engine }: Engine, stop: Task<boolean>, run: string): Engine => {
  const unlessStopped =
    <Args extends readonly unknown[], A>(program: (...args: Args) => TE.TaskEither<TangentError, A>) =>
    (...args: Args): TE.TaskEither<TangentError, A> =>
      pipe(
        TE.fromTask(stop),
        TE.flatMap((isStopped) =>
          isStopped
            ? TE.left(tangentError('StopError', 'experiment', 'to run to its end', 'a stop', run))
            : program(...args)
        )
      )
  return {
    ...engine,
    compile: (f, specs) => pipe(engine.compile(f, specs), TE.map(unlessStopped)),
    ...(resident !== undefined && {
      resident: (step, specs) => pipe(resident(step, specs), TE.map(unlessStopped))
    })
  }
}

/** Computes one run of an experiment on an engine of its own, from its checkpoints on. */
export const computeRun =
  (
    experiment: Experiment,
    setting: RunSetting,
    { images, store, onProgress = () => IO.of(undefined), stop }: ComputeInput
  ) =>
  (open: OpenEngine): TE.TaskEither<TangentError, ExperimentRun> =>
    open((engine) =>
      runOne(experiment, setting, {
        images,
        executed: engine.describe,
        store,
        onProgress: (phase, done, total, note) => onProgress({ phase, done, total, note })
      })(stop === undefined ? engine : stoppable(engine, stop, nameOf(setting)))
    )
