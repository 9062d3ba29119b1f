import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as IO from 'fp-ts/lib/IO.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { readStore, type Store } from '../checkpoint/checkpoint.js'
import { getOrThrow, leftWith, showValue, tangentError, type TangentError } from '../core/error.js'
import { key } from '../core/key.js'
import type { Engine } from '../engine/engine.js'
import { decode } from '../format/codec.js'
import { attempt } from '../graph/trace.js'
import * as mask from '../mask/index.js'
import * as nn from '../nn/index.js'
import { type Images, type ImageSet, imagesOf } from './images.js'
import { methodOf } from './methods/index.js'
import { decodeRun, encodeRun, type ExperimentRecord, type ExperimentRun } from './experiment-record.js'
import { prepareRun, runOne } from './run-one.js'
import { Experiment, nameOf, type RunSetting, runsOf, settingOf } from './experiment.js'

/** What goes on in an experiment. */
export interface ExperimentProgress {
  /** The name of the run, `ticket-0.2-seed0`. */
  readonly run: string
  /** Such as `search`, `training`, the name of an attack, or `finished`. */
  readonly phase: string
  /** How much of the phase is done, of how much. */
  readonly done: number

  /** How much the phase has to do. */
  readonly total: number
  /** What the phase says of itself, such as its loss. */
  readonly note: string
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
  /** The command that makes the record again, to be noted in it. */
  readonly command?: string
}

/** Opens an engine, uses it and closes it: `withEngine(options)`, or `(use) => use(engine)` for an engine that stays open. */
export type OpenEngine = <A>(
  use: (engine: Engine) => TE.TaskEither<TangentError, A>
) => TE.TaskEither<TangentError, A>

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

/** An engine whose programs are refused once `stop` says so: what was computed by then is saved by whoever ran them. */
const stoppable = (engine: Engine, stop: Task<boolean>, run: string): Engine => ({
  ...engine,
  compile: (f, specs) =>
    pipe(
      engine.compile(f, specs),
      TE.map(
        (program) =>
          (...args) =>
            pipe(
              TE.fromTask(stop),
              TE.flatMap((isStopped) =>
                isStopped
                  ? TE.left(tangentError('StopError', 'experiment', 'to run to its end', 'a stop', run))
                  : program(...args)
              )
            )
      )
    )
})

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`

/** A run as its store has it, or else run on an engine of its own and saved. */
const runOrRead = (
  experiment: Experiment,
  setting: RunSetting,
  images: Images,
  {
    store,
    onProgress = () => IO.of(undefined),
    stop
  }: ExperimentOptions & Required<Pick<ExperimentOptions, 'store'>>,
  open: OpenEngine
): TE.TaskEither<TangentError, ExperimentRun> => {
  const run = nameOf(setting)
  const file = `${run}.json`
  const saved = store(file)
  return pipe(
    finished(saved, saved.where ?? file, settingOf(experiment, setting)),
    TE.flatMap((found) =>
      found !== undefined
        ? TE.right(found)
        : pipe(
            open((engine) =>
              runOne(experiment, setting, {
                images,
                executed: engine.describe,
                store: (of, phase) => store(`${nameOf(of)}.${phase}.checkpoint`),
                onProgress: (phase, done, total, note) => onProgress({ run, phase, done, total, note })
              })(stop === undefined ? engine : stoppable(engine, stop, run))
            ),
            TE.tap((result) => saved.write(encodeRun(result))),
            TE.tapIO(({ robustness: { clean, robust } }) => {
              const note = `${percent(clean)} clean, ${percent(robust)} robust`
              return onProgress({ run, phase: 'finished', done: 1, total: 1, note })
            })
          )
    )
  )
}

/**
 * Runs an experiment: every seed, method and density is trained and evaluated, each on an engine of its own, so that what a run
 * compiled is released when it ends. Finished runs are read from the store, one that was interrupted continues from its
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
export const run =
  (
    asked: Experiment,
    options: ExperimentOptions = {}
  ): ReaderTaskEither<OpenEngine, TangentError, ExperimentRecord> =>
  (open) =>
    pipe(
      TE.fromEither(decode('experiment', Experiment)(asked)),
      TE.bindTo('experiment'),
      TE.bind('images', ({ experiment }) => TE.fromEither(imagesOf(experiment, options.images))),
      TE.tap(({ experiment, images }) => TE.fromEither(checkRuns(experiment, images))),
      TE.bind('store', () => TE.fromIO(options.store === undefined ? memory : IO.of(options.store))),
      TE.bind('runs', ({ experiment, images, store }) =>
        pipe(
          runsOf(experiment),
          TE.traverseSeqArray((setting) =>
            runOrRead(experiment, setting, images, { ...options, store }, open)
          )
        )
      ),
      TE.map(({ experiment, runs }) => ({
        name: experiment.name,
        command: options.command ?? 'experiment.run',
        experiment,
        runs
      }))
    )
