import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as attack from '../attack/index.js'
import type { TangentError } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { run } from '../engine/compile.js'
import type { Key } from '../graph/key.js'
import type { Effect, Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt } from '../graph/trace.js'
import * as mask from '../mask/index.js'
import type * as nn from '../nn/index.js'
import type { MethodResult, SeedResult } from '../report/index.js'
import * as train from '../train/index.js'
import { countsOf, epochMeans, mean, pixelsOf } from '../experiment/measure.js'
import { type Prepared, prepare, type Study } from './study.js'

/** Something that `metrics.jsonl` keeps: which seed, which method, which phase, and what was measured. */
export type Event = Readonly<Record<string, string | number | readonly number[]>>

/** How far one seed is. */
export interface Progress {
  readonly seed: number
  /** What goes on: `training SNIP`. */
  readonly phase: string
  /** Steps of training and search done, of all that the seed takes. */
  readonly done: number
  readonly total: number
  readonly loss: number
}

/** Where a comparison tells what happens: fleetingly, and for keeps once a phase is over. */
export interface Watcher {
  readonly progress: (progress: Progress) => IO<void>
  readonly keep: (events: readonly Event[]) => TaskEither<TangentError, void>
}

type Mask = Concrete<nn.Weights>

/** A network to train: dense where there is no mask. */
interface Candidate {
  readonly method: string
  readonly mask: Mask | undefined
}

/** The masks from one score, in the order and by the names of the table. */
const oneShots = [
  ['kernel trace', 'kernelTrace'],
  ['SNIP', 'snip'],
  ['random', 'random'],
  ['magnitude', 'magnitude']
] as const satisfies readonly (readonly [string, mask.OneShotMethod])[]

/** The attacked images on which trainings are compared: fixed, so attacked against the network as it starts. */
const observedImages = ({ network, params, testAttack, dynamicsImages, keys }: Prepared): Effect<NdArray> =>
  pipe(
    (runner: Runner) =>
      run(runner)(
        (p: nn.Params, batch: nn.Batch, k: Key): Tensor => testAttack(network.apply)(p, batch, k).x
      )(params, dynamicsImages, keys.judge),
    RTE.map(({ value }) => value)
  )

/** Kernel and output distance to dense at initialisation, on images kept out. */
const distanceOf =
  ({ network, params, trainAttack, kernelImages: [clean, other], keys }: Prepared) =>
  (chosen: Mask): Effect<{ readonly kernel: number; readonly output: number }> =>
    pipe(
      (runner: Runner) =>
        run(runner)(mask.distance(network.apply, trainAttack))(params, chosen, clean.x, other, keys.distance),
      RTE.map(({ value }) => ({ kernel: value.kernel.data[0]!, output: value.output.data[0]! }))
    )

/**
 * One seed of the comparison: masks at initialisation, the search for the ticket from the best of them; then the dense
 * network and each masked one trained from the same start on the same batches with the same noise, tested, and set
 * beside the dense run. A setting that does not fit the data is a Left before anything is computed.
 */
export const compare =
  (study: Study, { progress, keep }: Watcher) =>
  (seed: number): Effect<SeedResult> => {
    const { setting } = study
    const { density, epsilon, epochs, searchSteps } = setting
    const started = Date.now()

    const compareOn = (made: Prepared): Effect<SeedResult> => {
      const { network, params, keys, training, test, stepsPerEpoch } = made
      const total = (oneShots.length + 2) * epochs * stepsPerEpoch + searchSteps
      const tell =
        (phase: string, before: number) =>
        ({ step, loss }: { readonly step: number; readonly loss: number }): IO<void> =>
          progress({ seed, phase, done: before + step, total, loss })

      const search = (start: Mask): Effect<mask.Ticket> =>
        mask.search(network, {
          density,
          epsilon,
          attack: made.trainAttack,
          steps: searchSteps,
          batch: setting.searchBatch,
          rate: setting.searchRate,
          gamma: setting.kernelWeight,
          c: setting.outputWeight,
          samples: setting.scoreImages,
          start,
          observe: tell('searching', 0)
        })(params, training, keys.search)

      const fit = (
        { method, mask: chosen }: Candidate,
        place: number,
        observed: NdArray
      ): Effect<train.FitResult> =>
        train.fit(network.apply, {
          epochs,
          batch: setting.batch,
          optimiser: train.momentum(setting.momentum),
          schedule: train.schedule.cosine(setting.rate),
          attack: made.trainAttack,
          ...(chosen === undefined ? {} : { mask: chosen }),
          record: { x: observed, checkpoints: setting.checkpoints },
          observe: tell(`training ${method}`, searchSteps + place * epochs * stepsPerEpoch)
        })(params, training, keys.fit)

      const judge = (trained: Concrete<nn.Params>): Effect<attack.Robustness> =>
        attack.evaluate(network.apply, { attack: made.testAttack, batch: 200 })(trained, test, keys.judge)

      const resultOf =
        (observed: NdArray) =>
        (dense: train.Trajectory | undefined) =>
        (candidate: Candidate, place: number) =>
          pipe(
            RTE.Do,
            RTE.bind('fitted', () => fit(candidate, place, observed)),
            RTE.bind('tested', ({ fitted }) => judge(fitted.params)),
            RTE.bind('far', () =>
              candidate.mask === undefined
                ? RTE.of({ kernel: 0, output: 0 })
                : distanceOf(made)(candidate.mask)
            ),
            RTE.bind('trajectory', ({ fitted }) =>
              RTE.fromEither(attempt(() => train.distances(fitted.checkpoints, dense ?? fitted.checkpoints)))
            ),
            RTE.map(({ fitted, tested, far, trajectory }) => ({
              checkpoints: fitted.checkpoints,
              result: {
                method: candidate.method,
                density: candidate.mask === undefined ? 1 : mask.density(candidate.mask),
                clean: tested.clean,
                robust: tested.robust,
                ...far,
                dynamics: mean(trajectory),
                trajectory,
                losses: epochMeans(fitted.losses, epochs),
                layers: countsOf(params, candidate.mask),
                pixels: candidate.mask === undefined ? [] : pixelsOf(candidate.mask)
              } satisfies MethodResult
            })),
            RTE.tap(({ result: { method, losses, clean, robust, kernel, output, dynamics } }) =>
              RTE.fromTaskEither(
                keep([
                  ...losses.map((loss, epoch) => ({
                    seed,
                    method,
                    phase: 'training',
                    epoch: epoch + 1,
                    loss
                  })),
                  { seed, method, phase: 'test', clean, robust, kernel, output, dynamics }
                ])
              )
            )
          )

      return pipe(
        RTE.Do,
        RTE.bind('scored', () =>
          pipe(
            oneShots,
            RTE.traverseSeqArray(([method, score]) =>
              pipe(
                mask.oneShot(network, { method: score, density, epsilon, samples: setting.scoreImages })(
                  params,
                  training,
                  keys.masks
                ),
                RTE.map((scored) => ({ method, ...scored }))
              )
            )
          )
        ),
        RTE.bind('ticket', ({ scored }) => search(scored[0]!.scores)),
        RTE.bind('before', ({ scored }) => distanceOf(made)(scored[0]!.mask)),
        RTE.bind('after', ({ ticket }) => distanceOf(made)(ticket.mask)),
        RTE.tap(({ ticket }) =>
          RTE.fromTaskEither(
            keep(
              ticket.history.map(({ step, loss, kernel, output, flips }) => ({
                seed,
                method: 'ticket',
                phase: 'search',
                step,
                loss,
                kernel,
                output,
                flips
              }))
            )
          )
        ),
        RTE.bind('observed', () => observedImages(made)),
        RTE.bind('dense', ({ observed }) =>
          resultOf(observed)(undefined)({ method: 'dense', mask: undefined }, 0)
        ),
        RTE.bind('sparse', ({ observed, dense, ticket, scored }) =>
          pipe(
            [{ method: 'ticket', mask: ticket.mask }, ...scored],
            RTE.traverseSeqArrayWithIndex((i, candidate) =>
              resultOf(observed)(dense.checkpoints)(candidate, i + 1)
            )
          )
        ),
        RTE.map(({ ticket, before, after, dense, sparse }) => ({
          seed,
          seconds: (Date.now() - started) / 1000,
          search: {
            steps: ticket.history.map(({ step }) => step),
            kernel: ticket.history.map(({ kernel }) => kernel),
            output: ticket.history.map(({ output }) => output),
            before,
            after
          },
          methods: [dense, ...sparse].map(({ result }) => result)
        }))
      )
    }
    return pipe(RTE.fromEither(attempt(() => prepare(study, seed))), RTE.flatMap(compareOn))
  }
