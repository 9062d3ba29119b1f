import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as attack from '../../attack/index.js'
import type { TangentError } from '../../core/error.js'
import { key } from '../../core/key.js'
import { count, type Labelled, split, take } from '../../data/index.js'
import { fold } from '../../graph/key.js'
import type { Executed, Runner } from '../../graph/runner.js'
import type { Concrete } from '../../graph/spec.js'
import { attempt } from '../../graph/trace.js'
import * as mask from '../../mask/index.js'
import type * as nn from '../../nn/index.js'
import type { ExperimentRun } from '../../report/index.js'
import * as train from '../../train/index.js'
import { epochMeans, places } from '../measure.js'
import type { Images } from './data.js'
import { attacksOf, lastAttackOf, networkOf, objectiveOf, optimiserOf, scheduleOf } from './parts.js'
import type { EvaluationSetting, Experiment, RunSetting } from './setting.js'

/** What a seed is split into; a new use takes a new number, so that the others keep their noise. */
const streams = { split: 0, init: 1, mask: 2, fit: 3, validate: 4, attack: 5, audit: 6, curve: 7 } as const

/** All of an experiment that one run depends on, to be held against what a file says. */
export const settingOf = (
  { data, network, training, evaluation }: Experiment,
  run: RunSetting
): ExperimentRun['setting'] => ({ data, network, training, evaluation, ...run })

/** What a run is given beside its setting. */
export interface RunInputs {
  readonly images: Images
  readonly executed: Executed
  readonly store: train.Store
  readonly tell: (phase: string, done: number, total: number, says: string) => IO<void>
}

const sampleOf = (size: number, set: Labelled): nn.Dataset => {
  const { x, y } = take(places(0, Math.min(size, count(set))))(set)
  return { x, y }
}

/** The tests of trained parameters. */
const tested =
  (
    network: nn.Network,
    setting: EvaluationSetting,
    { images: { test, image }, tell }: RunInputs,
    seed: number
  ) =>
  (
    params: Concrete<nn.Params>
  ): ReaderTaskEither<Runner, TangentError, Pick<ExperimentRun, 'robustness' | 'audit' | 'overEpsilon'>> =>
  (runner) => {
    const { epsilon, norm = 'linf', batch = 250, audit: audited, epsilons } = setting
    const stream = (name: keyof typeof streams) => fold(streams[name])(key(seed))
    const set = { x: test.x, y: test.y }
    const pgd = { norm, epsilon, steps: 40, relativeStep: 4, keep: 'best', freeze: true } as const
    return pipe(
      TE.Do,
      TE.bind('whole', () =>
        attack.evaluate(network.apply, {
          attacks: attacksOf(setting, image, test.classes),
          batch,
          observe: ({ attack: name, done, total, robust }) =>
            tell(name, done, total, `${(100 * robust).toFixed(1)} % stand`)
        })(
          params,
          set,
          stream('attack')
        )(runner)
      ),
      TE.bind('audit', () => {
        if (audited === undefined) return TE.right(undefined)
        const sample = sampleOf(audited, test)
        return pipe(
          attack.audit(network.apply, { epsilon, norm, image, batch })(params, sample, stream('audit'))(
            runner
          ),
          TE.map((found) => ({ ...found, count: sample.y.data.length }))
        )
      }),
      TE.bind('overEpsilon', () =>
        epsilons === undefined
          ? TE.right(undefined)
          : attack.overEpsilon(network.apply, { attack: attack.pgd(pgd), epsilons, batch })(
              params,
              set,
              stream('curve')
            )(runner)
      ),
      TE.map(({ whole, audit, overEpsilon }) => {
        const { count: size, clean, robust, attacks, classes, flags } = whole
        return {
          robustness: { count: size, clean, robust, attacks, classes, flags },
          ...(audit === undefined ? {} : { audit }),
          ...(overEpsilon === undefined ? {} : { overEpsilon })
        }
      })
    )
  }

/**
 * One run: the split, the start and the mask that its seed fixes, the training, taken up where its store left it, and the
 * tests of its best parameters by validation. The test images are seen by the tests alone.
 */
export const perform =
  (
    experiment: Experiment,
    run: RunSetting,
    inputs: RunInputs
  ): ReaderTaskEither<Runner, TangentError, ExperimentRun> =>
  (runner) => {
    const { training, evaluation, data } = experiment
    const { seed, method, density } = run
    const stream = (name: keyof typeof streams) => fold(streams[name])(key(seed))
    const validationAttack = lastAttackOf(training.attack)
    return pipe(
      TE.Do,
      TE.bind('parts', () => TE.fromEither(split(data.validation)(stream('split'))(inputs.images.train))),
      TE.bind('start', ({ parts: { rest } }) =>
        TE.fromEither(
          attempt(() => {
            const network = networkOf(experiment.network, rest.classes)
            return { network, params: network.init(stream('init'), rest.x.shape.slice(1)) }
          })
        )
      ),
      TE.let('set', ({ parts: { rest } }) => ({ x: rest.x, y: rest.y })),
      TE.bind('mask', ({ start: { network, params }, set }) =>
        method === 'dense'
          ? TE.right(undefined)
          : pipe(
              mask.oneShot(network, { method, density, epsilon: training.attack?.epsilon ?? 0 })(
                params,
                set,
                stream('mask')
              )(runner),
              TE.map((chosen) => chosen.mask)
            )
      ),
      TE.bind('fitted', ({ parts: { held }, start: { network, params }, set, mask: chosen }) =>
        train.fit(network.apply, {
          epochs: training.epochs,
          batch: training.batch,
          optimiser: optimiserOf(training.optimiser),
          schedule: scheduleOf(training.schedule),
          ...objectiveOf(training.attack),
          ...(chosen === undefined ? {} : { mask: chosen }),
          keep: { store: inputs.store, steps: 200 },
          validate: {
            score: (p) => (engine) =>
              pipe(
                attack.evaluate(network.apply, { attack: validationAttack })(
                  p,
                  { x: held.x, y: held.y },
                  stream('validate')
                )(engine),
                TE.map(({ robust }) => robust)
              )
          },
          observe: ({ step, steps, loss }) => inputs.tell('training', step, steps, `loss ${loss.toFixed(3)}`)
        })(
          params,
          set,
          stream('fit')
        )(runner)
      ),
      TE.bind('found', ({ start: { network }, fitted }) =>
        tested(network, evaluation, inputs, seed)(fitted.best?.params ?? fitted.params)(runner)
      ),
      TE.map(({ fitted, found }) => ({
        ...run,
        setting: settingOf(experiment, run),
        training: {
          steps: fitted.losses.length,
          losses: epochMeans(fitted.losses, training.epochs),
          validations: fitted.validations.map(({ score }) => score),
          epoch: fitted.best?.epoch ?? training.epochs
        },
        ...found,
        executed: inputs.executed
      }))
    )
  }
