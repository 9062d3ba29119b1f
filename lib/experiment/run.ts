import { checkOptions, option, type OptionKinds } from '../core/options.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as IO from 'fp-ts/lib/IO.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { readStore, type Store } from '../checkpoint/checkpoint.js'
import { entry } from '../core/entry.js'
import { formatError, getOrThrow, leftWith, showValue, type TangentError } from '../core/error.js'
import { key } from '../core/key.js'
import { computeRun, type OpenEngine, type PhaseProgress } from './compute-run.js'
import { decode } from '../format/codec.js'
import { attempt } from '../graph/trace.js'
import * as mask from '../mask/index.js'
import * as nn from '../nn/index.js'
import { type Images, type ImageSet, imagesOf } from './images.js'
import { methodOf } from './methods/index.js'
import { decodeRun, encodeRun, type ExperimentRecord, type ExperimentRun } from './experiment-record.js'
import { prepareRun } from './run-one.js'
import { performAll } from './schedule.js'
import {
  checkpointName,
  Experiment,
  nameOf,
  orderOf,
  type RunSetting,
  runsOf,
  settingOf
} from './experiment.js'

/** What goes on in an experiment. */
export interface ExperimentProgress extends PhaseProgress {
  /** The name of the run, `ticket-0.2-seed0`. */
  readonly run: string
  /** How many runs of the experiment have results, of how many. */
  readonly runs: {
    /** Runs that have results. */
    readonly done: number
    /** Runs in all. */
    readonly total: number
  }
}

/** How runs are computed elsewhere: in other processes, or on other machines. */
export interface Jobs {
  /** How many are computed at once. */
  readonly count: number
  /** Computes one run, which the experiment then saves. */
  readonly compute: (
    run: RunSetting,
    onProgress: (progress: PhaseProgress) => IO.IO<void>
  ) => TE.TaskEither<TangentError, ExperimentRun>
}

/** What an experiment is run with. */
export interface ExperimentOptions {
  /**
   * The data set.
   *
   * @defaultValue the bundled digits, for an experiment on these
   */
  readonly images?: ImageSet
  /**
   * Where checkpoints and finished runs are saved by name and found again: `fileStore` of `tangentflow/io` in a folder.
   *
   * @defaultValue in memory, until the experiment ends
   */
  readonly store?: (name: string) => Store
  /** Called as the experiment goes on. @defaultValue nothing */
  readonly onProgress?: (progress: ExperimentProgress) => IO.IO<void>
  /**
   * Asked before every program that an engine runs: true ends the experiment there with a StopError. A training or a search
   * is saved at the step it has reached, and continues from there with the same store.
   *
   * @defaultValue never
   */
  readonly stop?: Task<boolean>
  /**
   * Where runs are computed. Those that are measured beside the dense run of their seed wait for it, and after a run that fails
   * the others go on; the record is the same as without.
   *
   * @defaultValue here, one after another, until one fails
   */
  readonly jobs?: Jobs
  /** The command that makes the record again, to be noted in it. */
  readonly command?: string
}

const kinds: OptionKinds<ExperimentOptions> = {
  images: option.record,
  store: option.function,
  onProgress: option.function,
  stop: option.function,
  jobs: option.record,
  command: option.text
}

const memory: IO.IO<NonNullable<ExperimentOptions['store']>> = () => {
  const saved = new Map<string, Uint8Array>()
  return (name) => ({
    read: TE.fromIO(() => saved.get(name)),
    write: (bytes) => TE.fromIO(() => void saved.set(name, bytes))
  })
}

/** Refuses seeds, settings and densities with which a run would fail after others have been computed. */
const checkRuns = (experiment: Experiment, images: Images): E.Either<TangentError, unknown> =>
  attempt(() => {
    experiment.seeds.forEach((seed) => key(seed))
    const { params } = getOrThrow(prepareRun(experiment, { seed: experiment.seeds[0] }, images))
    const shapes = mask.weightShapes(nn.weightsOf(params))
    for (const { method, density } of runsOf(experiment)) {
      const { layers } = methodOf(method)
      if (layers !== undefined) (layers === 'uniform' ? mask.uniformCounts : mask.erkCounts)(density)(shapes)
    }
  })

/** The first place at which two values in JSON differ, and what each has there. */
const difference = (
  saved: unknown,
  asked: unknown,
  path: readonly string[] = []
): { readonly path: string; readonly saved: unknown; readonly asked: unknown } | undefined => {
  const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null
  if (!isRecord(saved) || !isRecord(asked) || Array.isArray(saved) !== Array.isArray(asked))
    return Object.is(saved, asked) ? undefined : { path: path.join('.'), saved, asked }
  const own = (record: Readonly<Record<string, unknown>>, name: string): unknown =>
    Object.hasOwn(record, name) ? record[name] : undefined
  for (const name of new Set([...Object.keys(saved), ...Object.keys(asked)])) {
    const found = difference(own(saved, name), own(asked, name), [...path, name])
    if (found !== undefined) return found
  }
  return undefined
}

/** The run that a store holds, if it is finished; one of another setting is refused, so that no result is lost. */
const finished = (
  store: Store,
  where: string,
  setting: ExperimentRun['setting']
): TE.TaskEither<TangentError, ExperimentRun | undefined> =>
  readStore(store, (bytes) =>
    pipe(
      bytes,
      decodeRun(where),
      E.flatMap((found) => {
        const other = difference(found.setting, JSON.parse(JSON.stringify(setting)))
        return other === undefined
          ? E.right(found)
          : leftWith('ConfigError', 'experiment')(
              `the ${other.path} of the run that is there (${showValue(other.saved)})`,
              showValue(other.asked),
              `${where}: ${other.path}`
            )
      })
    )
  )

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`

/** A run to do: where it is saved, and what is there already. */
interface PlannedRun {
  readonly setting: RunSetting
  readonly saved: Store
  readonly found: ExperimentRun | undefined
}

/** What the runs of an experiment have in common. */
interface Context {
  readonly experiment: Experiment
  readonly images: Images
  readonly options: ExperimentOptions
  readonly store: NonNullable<ExperimentOptions['store']>
  readonly open: OpenEngine
}

/** The runs of an experiment, with the results that are there. */
const plan = ({ experiment, store }: Context): TE.TaskEither<TangentError, readonly PlannedRun[]> =>
  pipe(
    runsOf(experiment),
    TE.traverseSeqArray((setting) => {
      const file = `${nameOf(setting)}.json`
      const saved = store(file)
      return pipe(
        finished(saved, saved.where ?? file, settingOf(experiment, setting)),
        TE.map((found) => ({ setting, saved, found }))
      )
    })
  )

/** Computes what is missing of the planned runs, saves it, and gives all of them in order. */
const perform = (
  { experiment, images, options, store, open }: Context,
  planned: readonly PlannedRun[]
): TE.TaskEither<TangentError, readonly ExperimentRun[]> => {
  const { jobs, stop, onProgress = () => IO.of(undefined) } = options
  const total = planned.length
  let done = planned.filter(({ found }) => found !== undefined).length
  const compute: Jobs['compute'] =
    jobs?.compute ??
    ((setting, tell) =>
      computeRun(experiment, setting, {
        images,
        store: (of, phase) => store(checkpointName(of, phase)),
        onProgress: tell,
        ...(stop && { stop })
      })(open))
  const runMissing = ({ setting, saved, found }: PlannedRun): TE.TaskEither<TangentError, ExperimentRun> => {
    if (found !== undefined) return TE.right(found)
    const tell = (progress: PhaseProgress): IO.IO<void> =>
      onProgress({ ...progress, run: nameOf(setting), runs: { done, total } })
    const end = (phase: 'finished' | 'failed', note: string): IO.IO<void> =>
      tell({ phase, done: 1, total: 1, note })
    return pipe(
      compute(setting, tell),
      TE.tap((result) => saved.write(encodeRun(result))),
      TE.tapIO(({ robustness: { clean, robust } }) => {
        done++
        return end('finished', `${percent(clean)} clean, ${percent(robust)} robust`)
      }),
      TE.tapError((error) =>
        TE.fromIO(
          jobs === undefined || error._tag === 'StopError'
            ? IO.of(undefined)
            : end('failed', formatError(error))
        )
      )
    )
  }
  return performAll({
    order: orderOf(experiment),
    slots: jobs?.count ?? 1,
    goOn: jobs !== undefined
  })((place) => runMissing(planned[place]!))
}

/**
 * Runs an experiment: every seed, method and density is trained and evaluated, each on an engine of its own, so that what a run
 * compiled is released when it ends. Finished runs are read from the store first, one that was interrupted continues from its
 * checkpoints to the same bits. What fits neither the images nor the network is a Left before anything is computed.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { withEngine } from 'tangentflow'
 * import * as experiment from 'tangentflow/experiment'
 *
 * const small: experiment.Experiment = {
 *   name: 'small',
 *   data: { set: 'digits', validation: 0, train: 100, test: 50 },
 *   network: { kind: 'mlp', hidden: [8] },
 *   seeds: [0],
 *   methods: [{ kind: 'dense' }, { kind: 'magnitude' }],
 *   densities: [0.5],
 *   training: {
 *     epochs: 1,
 *     batch: 50,
 *     optimiser: { kind: 'momentum', decay: 0.9 },
 *     schedule: { kind: 'cosine', rate: 0.1 }
 *   },
 *   evaluation: { epsilon: 0.1, attacks: [{ kind: 'fgsm' }] }
 * }
 * const record = await experiment.run(small)(withEngine())()
 * assert.ok(E.isRight(record))
 * assert.deepEqual(record.right.runs.map(({ method, density }) => [method, density]), [['dense', 1], ['magnitude', 0.5]])
 */
export const run = entry(
  'experiment.run',
  'Effect',
  1,
  (
    asked: Experiment,
    options: ExperimentOptions = {}
  ): ReaderTaskEither<OpenEngine, TangentError, ExperimentRecord> =>
    (open) =>
      pipe(
        TE.fromEither(attempt(() => checkOptions('experiment.run', kinds, options))),
        TE.flatMapEither(() => decode('experiment', Experiment)(asked)),
        TE.bindTo('experiment'),
        TE.bind('images', ({ experiment }) => TE.fromEither(imagesOf(experiment, options.images))),
        TE.tap(({ experiment, images }) => TE.fromEither(checkRuns(experiment, images))),
        TE.bind('store', () => TE.fromIO(options.store === undefined ? memory : IO.of(options.store))),
        TE.bind('runs', ({ experiment, images, store }) => {
          const context = { experiment, images, options, store, open }
          return pipe(
            plan(context),
            TE.flatMap((planned) => perform(context, planned))
          )
        }),
        TE.map(({ experiment, runs }) => ({
          name: experiment.name,
          command: options.command ?? 'experiment.run',
          experiment,
          runs
        }))
      )
)
