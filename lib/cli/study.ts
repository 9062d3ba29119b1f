import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as attack from '../attack/index.js'
import { fail, type TangentError } from '../core/error.js'
import { key } from '../core/key.js'
import type { NdArray } from '../core/ndarray.js'
import { count, type Labelled, take } from '../data/index.js'
import { split } from '../graph/key.js'
import { attempt } from '../graph/trace.js'
import * as mask from '../mask/index.js'
import * as nn from '../nn/index.js'
import { places } from '../experiment/measure.js'
import type { Setting } from './setting.js'

/** What is compared on what: the network is as the setting says, the data are split. */
export interface Study {
  readonly setting: Setting
  readonly train: Labelled
  readonly test: Labelled
}

/** All that a seed fixes before anything runs. */
export const prepare = ({ setting, train: training, test }: Study, seed: number) => {
  const { density, epsilon, kernelImages, dynamicsImages, attackSteps, testSteps, testRestarts } = setting
  const network = nn.serial(
    ...setting.hidden.flatMap((width) => [nn.dense(width), nn.relu]),
    nn.dense(training.classes)
  )
  const pgd = (steps: number, restarts: number): attack.Attack =>
    attack.pgd({ epsilon, steps, stepSize: (2.5 * epsilon) / steps, restarts })
  const [init, masks, search, fit, judge, distance] = split(6)(key(seed))
  const params = network.init(init, training.x.shape.slice(1))
  // The densities each layer gets are checked here, before the first step of training.
  const shapes = mask.weightShapes(nn.weightsOf(params))
  mask.erkCounts(density)(shapes)
  mask.uniformCounts(density)(shapes)
  const kernelStart = count(test) - 2 * kernelImages
  if (kernelStart < 0 || dynamicsImages > count(test))
    fail(
      'DataError',
      'compare',
      `at least ${Math.max(2 * kernelImages, dynamicsImages)} test images`,
      `${count(test)}`
    )
  const images = (start: number, length: number): { readonly x: NdArray; readonly y: NdArray } => {
    const { x, y } = take(places(start, length))(test)
    return { x, y }
  }
  return {
    seed,
    network,
    params,
    keys: { masks, search, fit, judge, distance },
    trainAttack: pgd(attackSteps, 1),
    testAttack: pgd(testSteps, testRestarts),
    // Kept out of training, scores and search.
    kernelImages: [
      images(kernelStart, kernelImages),
      images(kernelStart + kernelImages, kernelImages)
    ] as const,
    dynamicsImages: images(0, dynamicsImages),
    training,
    test,
    stepsPerEpoch: Math.floor(count(training) / setting.batch)
  }
}

export type Prepared = ReturnType<typeof prepare>

/** Whether a setting fits the data, without computing anything. */
export const checkStudy = (study: Study, seed: number): E.Either<TangentError, Study> =>
  pipe(
    attempt(() => prepare(study, seed)),
    E.map(() => study)
  )
