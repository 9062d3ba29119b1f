import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  attack,
  type Concrete,
  fold,
  key,
  type NdArray,
  nn,
  ntk,
  type Tensor,
  train
} from '../../lib/index.js'
import type { Effect } from '../../lib/graph/runner.js'
import type { LoadedSet } from '../../lib/io/index.js'
import { each, partsOf } from './draws.js'
import { type Along, alongOf, ofEach, turned } from './kernels-along.js'
import { rows } from './rows.js'

// How the kernel of LeNet-300-100 changes while it is trained on MNIST, as images are and under attack, and what a kernel that is fixed
// after some of these epochs is worth: the network is linearised there and trained on (Loo et al., NeurIPS 2022, arXiv:2210.12030).

/** The images of a draw that are trained on and tested, those of the latter on which kernels are taken, and the recipe. */
export const setting = {
  images: 2000,
  tests: 500,
  kernelImages: 200,
  epochs: 20,
  linearEpochs: 10,
  batch: 50,
  rate: 0.05,
  linearRate: 0.02,
  momentum: 0.9,
  epsilon: 0.1,
  steps: 5,
  testSteps: 20
} as const

/** Parts of the first epoch after which kernels are taken, besides the whole epochs. */
const EARLY = [1 / 10, 1 / 5, 1 / 2]

/** When kernels are taken, in epochs. */
export const times = [0, ...EARLY, ...Array.from({ length: setting.epochs }, (_, i) => i + 1)]

/** The epochs after which networks are linearised, and those of them that are then trained under attack too. */
export const warmUps = [0, 1, 3, 10] as const
const attacked: readonly number[] = [0, 10]

export const trainings = ['natural', 'adversarial'] as const
export type Training = (typeof trainings)[number]

/** The part of the tested images that is classified correctly, as they are and under attack. */
export interface Accuracy {
  readonly clean: number
  readonly robust: number
}

/**
 * A network linearised at the weights that a training has after some epochs, less its outputs there, and trained: of the warm-up nothing
 * but the kernel is left.
 */
export interface Linear extends Accuracy {
  readonly warmUp: Training
  readonly epochs: number
  readonly training: Training
}

/** What one draw of images and of first weights says. */
export interface Draw {
  readonly seed: number
  /** What the kernels at each of `times` are. */
  readonly along: Readonly<Record<Training, Along>>
  /** 1 − cos of the kernels of two trainings at each of `times`: natural ones with other batches, natural and adversarial. */
  readonly order: readonly number[]
  readonly apart: readonly number[]
  /** The network itself, `linearEpochs` after each of `warmUps`. */
  readonly full: Readonly<Record<Training, readonly Accuracy[]>>
  readonly linear: readonly Linear[]
}

type Weights = Concrete<nn.Params>

const network = nn.lenet300100()
const { epsilon } = setting
const attacks = {
  training: attack.pgd({ epsilon, steps: setting.steps, relativeStep: 2.5 }),
  test: attack.pgd({ epsilon, steps: setting.testSteps, relativeStep: 2.5, keep: 'best' })
}

/** A step a program, so that a training can be stopped after any. */
const recipeOf = (training: Training, epochs: number, rate: number): train.FitOptions => ({
  epochs,
  batch: setting.batch,
  optimiser: train.momentum(setting.momentum),
  schedule: train.schedule.constant(rate),
  unroll: 1,
  ...(training === 'adversarial' && { attack: attacks.training })
})

/** The weights of a training at each of `times`; the number tells trainings with other batches apart. */
const weightsAlong = (
  training: Training,
  set: nn.Dataset,
  seed: number,
  order: number
): Effect<readonly Weights[]> => {
  const recipe = recipeOf(training, setting.epochs, setting.rate)
  const start = network.init(key(seed), [784])
  const fit = (options: Partial<train.FitOptions>) =>
    train.fit(network.apply, { ...recipe, ...options })(start, set, fold(order)(key(seed)))
  const early = (part: number): Effect<Weights> => {
    let taken = 0
    const observe =
      ({ step }: train.FitEvent) =>
      () =>
        void (taken = step)
    const stop = (): boolean => taken >= part * (setting.images / setting.batch)
    return pipe(
      fit({ observe, stop }),
      RTE.map(({ params }) => params)
    )
  }
  const late: Weights[] = []
  const score = (params: Weights): Effect<number> => RTE.fromIO(() => late.push(params))
  return pipe(
    each(EARLY, early),
    RTE.tap(() => fit({ validate: { score } })),
    RTE.map((first) => [start, ...first, ...late])
  )
}

/** The kernels of some weights: a number for every two images, the mean over the outputs. */
const kernelsOf =
  (x: NdArray) =>
  (all: readonly Weights[]): Effect<readonly NdArray[]> =>
  (runner) =>
    pipe(
      runner.compile(
        (p: nn.Params, at: Tensor) => ntk.empiricalNtk(network.apply, { outputs: 'mean' })(p, at),
        [all[0]!, x]
      ),
      TE.flatMap((kernel) =>
        pipe(
          all,
          TE.traverseSeqArray((params) => kernel(params, x))
        )
      ),
      TE.map((found) => found.map(({ value }) => value))
    )

/** Measures one draw. */
export const measured = (set: Pick<LoadedSet, 'train' | 'test'>, seed: number): Effect<Draw> => {
  const { train: known, test: tested } = partsOf(set, seed, setting)
  const [x, y] = [tested.x, tested.y].map((array) => rows(0, setting.kernelImages, array))
  const accuracyOf = (model: nn.Model<nn.Params>, params: Weights): Effect<Accuracy> =>
    pipe(
      attack.evaluate(model, { attack: attacks.test })(params, tested, key(seed)),
      RTE.map(({ clean, robust }) => ({ clean, robust }))
    )
  const at = (along: readonly Weights[], epochs: number): Weights => along[times.indexOf(epochs)]!
  const fullOf = (along: readonly Weights[]): Effect<readonly Accuracy[]> =>
    each(warmUps, (epochs) => accuracyOf(network.apply, at(along, epochs + setting.linearEpochs)))
  const linearOf =
    (along: Readonly<Record<Training, readonly Weights[]>>) =>
    ({ warmUp, epochs, training }: Omit<Linear, keyof Accuracy>): Effect<Linear> => {
      const params = at(along[warmUp], epochs)
      const model = ntk.linearised(nn.centred(network.apply, params), params)
      return pipe(
        train.fit(model, recipeOf(training, setting.linearEpochs, setting.linearRate))(
          params,
          known,
          key(seed)
        ),
        RTE.flatMap((fitted) => accuracyOf(model, fitted.params)),
        RTE.map((accuracy) => ({ warmUp, epochs, training, ...accuracy }))
      )
    }
  return pipe(
    RTE.Do,
    RTE.bind('natural', () => weightsAlong('natural', known, seed, 0)),
    RTE.bind('adversarial', () => weightsAlong('adversarial', known, seed, 0)),
    RTE.bind('reordered', () => weightsAlong('natural', known, seed, 1)),
    RTE.bindTo('weights'),
    RTE.bind('kernels', ({ weights: { natural, adversarial, reordered } }) =>
      each([natural, adversarial, reordered], kernelsOf(x!))
    ),
    RTE.bind('compared', ({ kernels: [natural, adversarial, reordered] }) =>
      RTE.fromEither(
        pipe(
          E.Do,
          E.bind('natural', () => alongOf(natural!, times, y!)),
          E.bind('adversarial', () => alongOf(adversarial!, times, y!)),
          E.bindTo('along'),
          E.bind('order', () => ofEach(reordered!, (kernel, k) => turned(kernel, natural![k]!))),
          E.bind('apart', () => ofEach(adversarial!, (kernel, k) => turned(kernel, natural![k]!)))
        )
      )
    ),
    RTE.bind('natural', ({ weights }) => fullOf(weights.natural)),
    RTE.bind('adversarial', ({ weights }) => fullOf(weights.adversarial)),
    RTE.bind('linear', ({ weights }) => each(linearised, linearOf(weights))),
    RTE.map(({ compared, natural, adversarial, linear }) => ({
      seed,
      ...compared,
      full: { natural, adversarial },
      linear
    }))
  )
}

/** The networks that are linearised; before the first epoch there is one kernel, not two. */
const linearised = trainings.flatMap((warmUp) =>
  warmUps
    .filter((epochs) => epochs > 0 || warmUp === 'natural')
    .flatMap((epochs) =>
      trainings
        .filter((training) => training === 'natural' || attacked.includes(epochs))
        .map((training) => ({ warmUp, epochs, training }))
    )
)
