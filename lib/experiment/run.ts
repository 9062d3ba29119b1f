import type { IO } from 'fp-ts/lib/IO.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as attack from '../attack/index.js'
import type { TangentError } from '../core/error.js'
import { key } from '../core/key.js'
import { type Labelled, split } from '../data/index.js'
import { fold } from '../graph/key.js'
import type { Effect, Executed, Runner } from '../graph/runner.js'
import { attempt } from '../graph/trace.js'
import type { ExperimentRun } from './record.js'
import type * as train from '../train/index.js'
import { epochMeans, rounded } from './measure.js'
import type { Images } from './data.js'
import { countedOf, distanceTo, followed, type Measured, measuredOf } from './measures.js'
import { labelOf } from './method-setting.js'
import { type Choice, choose, type Chosen } from './methods.js'
import { attacksOf, lastAttackOf, networkOf } from './parts.js'
import type { Experiment, RunSetting } from './setting.js'
import { tested } from './tests.js'
import { type Along, trained } from './training.js'

/** What a seed is split into; a new use takes a new number, so that the others keep their noise. */
const streams = {
  split: 0,
  init: 1,
  mask: 2,
  fit: 3,
  validate: 4,
  attack: 5,
  audit: 6,
  curve: 7,
  search: 8,
  stage: 9,
  measure: 10
} as const

/** All of an experiment that one run depends on, to be held against what a file says. */
export const settingOf = (
  { data, network, training, evaluation, measures, methods }: Experiment,
  run: RunSetting
): ExperimentRun['setting'] => ({
  data,
  network,
  training,
  evaluation,
  ...(measures === undefined ? {} : { measures, followed: denseOf(methods) !== undefined }),
  ...run
})

const denseOf = (methods: Experiment['methods']) => methods.find(({ kind }) => kind === 'dense')

/** What a run is given beside its setting. */
export interface RunInputs {
  readonly images: Images
  readonly executed: Executed
  /** The place of one of a run's checkpoints. */
  readonly store: (run: RunSetting, phase: string) => train.Store
  readonly tell: (phase: string, done: number, total: number, says: string) => IO<void>
}

const TRAINING = 'training'

/** What the images hold out for validation; nothing where none is asked for. */
const partsOf = (
  size: number,
  stream: ReturnType<typeof key>,
  set: Labelled
): E.Either<TangentError, { readonly rest: Labelled; readonly held: Labelled | undefined }> =>
  size === 0 ? E.right({ rest: set, held: undefined }) : split(size)(stream)(set)

const timed = <A>(effect: Effect<A>): Effect<{ readonly value: A; readonly seconds: number }> =>
  pipe(
    RTE.fromIO(() => Date.now()),
    RTE.bindTo('started'),
    RTE.bind('value', () => effect),
    RTE.map(({ started, value }) => ({ value, seconds: (Date.now() - started) / 1000 }))
  )

/**
 * One run: the split, the start and the mask that its seed fixes, the training, taken up where its store left it, and the
 * tests of its best parameters by validation. The test images are seen by tests and measures alone.
 */
export const perform = (
  experiment: Experiment,
  run: RunSetting,
  { images, executed, store, tell }: RunInputs
): Effect<ExperimentRun> => {
  const { training, evaluation, data, measures, methods } = experiment
  const { seed, method, density } = run
  const stream = (name: keyof typeof streams) => fold(streams[name])(key(seed))
  const against = lastAttackOf(training.attack)
  const { epsilon, norm = 'linf' } = evaluation
  const shape = images.train.x.shape.slice(1)

  const prepared = attempt(() => {
    const network = networkOf(experiment.network, images.train)
    return { network, params: network.init(stream('init'), shape) }
  })

  return pipe(
    RTE.Do,
    RTE.bind('parts', () => RTE.fromEither(partsOf(data.validation, stream('split'), images.train))),
    RTE.bind('start', () => RTE.fromEither(prepared)),
    RTE.bind('attacks', () =>
      RTE.fromEither(attempt(() => attacksOf(evaluation, images.image, images.train.classes)))
    ),
    RTE.let('measured', ({ start }): Measured | undefined =>
      images.judged === undefined
        ? undefined
        : { ...start, judged: images.judged, classes: images.train.classes, key: stream('measure') }
    ),
    RTE.let('choice', ({ parts: { rest }, start, measured }): Choice => ({
      ...start,
      set: { x: rest.x, y: rest.y },
      density,
      training,
      stream,
      store: (phase) => store(run, phase),
      tell,
      distance: measured === undefined ? undefined : distanceTo(measured, against)
    })),
    RTE.bind('chosen', ({ choice }) => timed(choose(method)(choice))),
    RTE.bind('along', ({ parts: { held }, measured }) =>
      measured === undefined || measures === undefined
        ? RTE.of<Runner, TangentError, Along>({ held, validate: stream('validate'), record: undefined })
        : pipe(
            followed(measured, attack.pgd({ epsilon, norm, steps: 20, relativeStep: 2.5, restarts: 2 })),
            RTE.map((x): Along => ({
              held,
              validate: stream('validate'),
              record: { x, checkpoints: measures.checkpoints }
            }))
          )
    ),
    RTE.bind('fitted', ({ choice, chosen, along }) =>
      timed(trained(choice, chosen.value, along, store(run, TRAINING)))
    ),
    RTE.bind('found', ({ start: { network }, attacks, fitted: { value } }) =>
      timed(tested(network, evaluation, attacks, images, tell, stream)(value.best?.params ?? value.params))
    ),
    RTE.bind('dense', ({ choice, chosen, along }) => {
      const dense = denseOf(methods)
      if (
        dense === undefined ||
        method.kind === 'dense' ||
        along.record === undefined ||
        !chosen.value.follows
      )
        return RTE.of(undefined)
      const other: RunSetting = { seed, method: dense, density: 1 }
      return pipe(
        choose(dense)(choice),
        RTE.flatMap((start) => trained(choice, start, along, store(other, TRAINING))),
        RTE.map(({ checkpoints }): train.Trajectory => checkpoints)
      )
    }),
    RTE.bind('measuredAs', ({ measured, chosen, fitted, dense }) =>
      measured === undefined
        ? RTE.of({})
        : measuredOf(
            measured,
            against,
            chosen.value,
            { steps: fitted.value.losses.length, checkpoints: fitted.value.checkpoints },
            dense
          )
    ),
    RTE.map(({ start: { network, params }, chosen, fitted, found, measuredAs }) => {
      const { losses, validations, best } = fitted.value
      const { mask: kept, epochs } = chosen.value satisfies Chosen
      return {
        seed,
        method: labelOf(method),
        density: kept === undefined ? 1 : density,
        setting: settingOf(experiment, run),
        training: {
          steps: losses.length,
          losses: epochMeans(losses, epochs).map(rounded),
          validations: validations.map(({ score }) => score),
          epoch: best?.epoch ?? epochs
        },
        ...found.value,
        measures: { ...countedOf(network, params, shape, kept), ...measuredAs },
        executed,
        seconds: { mask: chosen.seconds, training: fitted.seconds, tests: found.seconds }
      }
    })
  )
}
