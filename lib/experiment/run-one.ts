import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as attack from '../attack/index.js'
import type { Store } from '../checkpoint/index.js'
import { getOrThrow, type TangentError } from '../core/error.js'
import { type HostKey, key } from '../core/key.js'
import type { NdArray } from '../core/ndarray.js'
import { mean } from '../core/mean.js'
import { type Labelled, split } from '../data/index.js'
import { fold } from '../graph/key.js'
import type { Effect, Executed } from '../graph/runner.js'
import { attempt } from '../graph/trace.js'
import * as nn from '../nn/index.js'
import * as train from '../train/index.js'
import { attacksOf, evaluated } from './attacks.js'
import { applyConcrete } from '../mask/apply.js'
import type { Images } from './images.js'
import { countedOf, distanceTo, followedImages, type MeasureInput, measuredOf } from './measures.js'
import {
  labelOf,
  type MethodInput,
  methodOf,
  type MethodResult,
  observeLoss,
  type OnProgress
} from './methods/index.js'
import { networkOf } from './network-setting.js'
import { rounded } from './encode-json.js'
import type { ExperimentRun } from './experiment-record.js'
import { type Experiment, followedRunOf, type RunSetting, settingOf } from './experiment.js'
import { fitOptionsOf, withstoodBy } from './training-setting.js'

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
  measure: 10,
  other: 11
} as const

/** What a run is given beside its setting. */
export interface RunInput {
  readonly images: Images
  readonly executed: Executed
  /** Where a run saves the checkpoints of a phase. */
  readonly store: (run: RunSetting, phase: string) => Store
  readonly onProgress: OnProgress
}

/** All that a seed fixes before anything runs. */
interface Prepared {
  /** As methods and measures see it: centred, where the setting says so, at its dense start. */
  readonly network: nn.Network
  /** The network of a training from its start. */
  readonly networkFrom: (start: MethodInput['params']) => nn.Network
  readonly params: MethodInput['params']
  readonly rest: Labelled
  /** Examples held out of the training; without them its last parameters are the ones to test. */
  readonly held: Labelled | undefined
  readonly attacks: readonly attack.NamedAttack[]
  readonly stream: (name: keyof typeof streams) => HostKey
  readonly measure: MeasureInput | undefined
}

/** The network, the split and the attacks of a run; settings that fit neither the images nor each other are a Left. */
export const prepareRun = (
  { network: setting, data: { validation }, evaluation }: Experiment,
  { seed }: Pick<RunSetting, 'seed'>,
  images: Images
): Either<TangentError, Prepared> =>
  attempt(() => {
    const root = key(seed)
    const stream: Prepared['stream'] = (name) => fold(streams[name])(root)
    const { train: whole, measured } = images
    const parts =
      validation === 0
        ? { rest: whole, held: undefined }
        : getOrThrow(split(validation)(stream('split'))(whole))
    const plain = networkOf(setting, whole)
    const networkFrom: Prepared['networkFrom'] = (start) =>
      setting.centred === true ? { ...plain, apply: nn.centred(plain.apply, start) } : plain
    const params = plain.init(stream('init'), whole.x.shape.slice(1))
    const network = networkFrom(params)
    return {
      ...parts,
      network,
      networkFrom,
      params,
      attacks: attacksOf(evaluation, images),
      stream,
      measure: measured && {
        network,
        params,
        images: measured,
        classes: whole.classes,
        key: stream('measure'),
        isCentred: setting.centred === true
      }
    }
  })

const timed = <A>(effect: Effect<A>): Effect<{ readonly value: A; readonly seconds: number }> =>
  pipe(
    RTE.fromIO(() => performance.now()),
    RTE.bindTo('started'),
    RTE.bind('value', () => effect),
    RTE.map(({ started, value }) => ({ value, seconds: (performance.now() - started) / 1000 }))
  )

/** The parameters that a training begins with, its mask applied. */
const beginning = ({ mask, start }: MethodResult): MethodInput['params'] =>
  mask === undefined ? start : applyConcrete(mask)(start)

/** Trains what a method chose, and resumes where its store left it; validates under the attack of the training. */
const trained = (
  { training, set, onProgress }: MethodInput,
  { held, stream, networkFrom }: Prepared,
  chosen: MethodResult,
  record: train.FitOptions['record'],
  store: Store
): Effect<train.FitResult> => {
  const { mask, start, epochs, shuffle } = chosen
  const { apply } = networkFrom(beginning(chosen))
  return train.fit(apply, {
    ...fitOptionsOf(training, epochs, set),
    ...(mask && { mask }),
    ...(held && {
      validate: {
        score: (params) =>
          pipe(
            attack.evaluate(apply, { attack: withstoodBy(training).last })(
              params,
              { x: held.x, y: held.y },
              stream('validate')
            ),
            RTE.map(({ robust }) => robust)
          )
      }
    }),
    ...(record && { record }),
    checkpoint: { store, steps: 200 },
    observe: observeLoss(onProgress, 'training')
  })(start, set, shuffle)
}

/** The images on which a training is followed, attacked as the evaluation attacks; undefined where nothing is measured. */
const recordOf = (
  { evaluation: { epsilon, norm = 'linf' }, measures }: Experiment,
  { measure }: Prepared
): Effect<{ readonly x: NdArray; readonly times: number } | undefined> =>
  measure === undefined || measures === undefined
    ? RTE.of(undefined)
    : pipe(
        followedImages(measure, attack.pgd({ epsilon, norm, steps: 20, relativeStep: 2.5, restarts: 2 })),
        RTE.map((x) => ({ x, times: measures.checkpoints }))
      )

/**
 * One run: the split, the start and the mask that its seed fixes, the training, resumed where its store left it, and the
 * evaluation of its best parameters by validation. The test images are seen by evaluation and measures alone.
 */
export const runOne = (
  experiment: Experiment,
  run: RunSetting,
  { images, executed, store, onProgress }: RunInput
): Effect<ExperimentRun> => {
  const { training, evaluation } = experiment
  const { seed, method, density } = run
  const { last } = withstoodBy(training)
  const dense = followedRunOf(experiment, run)
  return pipe(
    RTE.fromEither(prepareRun(experiment, run, images)),
    RTE.bindTo('prepared'),
    RTE.let('input', ({ prepared: { network, params, rest, stream, measure } }): MethodInput => ({
      network,
      params,
      set: { x: rest.x, y: rest.y },
      density,
      training,
      stream,
      store: (phase) => store(run, phase),
      onProgress,
      distance: measure && distanceTo(measure, last)
    })),
    RTE.bind('chosen', ({ input }) => timed(methodOf(method).run(input))),
    RTE.bind('record', ({ prepared }) => recordOf(experiment, prepared)),
    RTE.bind('fitted', ({ prepared, input, chosen, record }) =>
      timed(trained(input, prepared, chosen.value, record, store(run, 'training')))
    ),
    RTE.bind('found', ({ prepared: { networkFrom, attacks, stream }, chosen, fitted: { value } }) =>
      timed(
        evaluated(evaluation, {
          network: networkFrom(beginning(chosen.value)),
          attacks,
          images,
          stream,
          onProgress
        })(value.best?.params ?? value.params)
      )
    ),
    RTE.bind('followed', ({ prepared, input, chosen, record }) =>
      dense === undefined || record === undefined || !chosen.value.isComparable
        ? RTE.of(undefined)
        : pipe(
            methodOf(dense.method).run(input),
            RTE.flatMap((start) => trained(input, prepared, start, record, store(dense, 'training'))),
            RTE.map(({ recorded }) => recorded)
          )
    ),
    RTE.bind('measured', ({ prepared: { measure }, chosen, fitted, followed }) =>
      measure === undefined ? RTE.of({}) : measuredOf(measure, last, chosen.value, fitted.value, followed)
    ),
    RTE.map(({ prepared: { network, params }, chosen, fitted, found, measured }) => {
      const { losses, validations, best } = fitted.value
      const { mask, epochs } = chosen.value
      return {
        seed,
        method: labelOf(method),
        density: mask === undefined ? 1 : density,
        setting: settingOf(experiment, run),
        training: {
          steps: losses.length,
          losses: RA.chunksOf(losses.length / epochs)(losses).map((epoch) => rounded(mean(epoch))),
          validations: validations.map(({ score }) => score),
          epoch: best?.epoch ?? epochs
        },
        ...found.value,
        measures: { ...countedOf(network, params, images.train.x.shape.slice(1), mask), ...measured },
        executed,
        seconds: { mask: chosen.seconds, training: fitted.seconds, tests: found.seconds }
      }
    })
  )
}
