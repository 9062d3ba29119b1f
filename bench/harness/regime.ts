import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  type Concrete,
  evaluateOn,
  key,
  mask,
  type NdArray,
  ndarray,
  nn,
  ntk,
  ops,
  run,
  type Tensor,
  train
} from '../../lib/index.js'
import { getOrThrow } from '../../lib/core/error.js'
import { mean } from '../../lib/core/mean.js'
import type { Effect } from '../../lib/graph/runner.js'
import {
  attacked,
  type Candidate,
  candidatesOf,
  type Mask,
  networkOf,
  ones,
  setting
} from './regime-candidates.js'
import { rows } from './rows.js'

// What the theory of the tangent kernel says of masks, where it speaks: digits attacked once, squared error, all of them in one batch,
// plain gradient descent, a centred network. For each width and seed: how far a mask's kernel is from the dense network's, how far its
// training is from the dense one's, what the kernels at the start predict of both, how far the kernels drift, and what a bound on
// the distance of two descents gives.

const { images: TRAIN, held: HELD, steps: STEPS, times: TIMES } = setting

/** What is measured of one network. */
export interface Row {
  readonly width: number
  readonly seed: number
  readonly method: string
  /** ‖Θ − Θ_dense‖ / ‖Θ_dense‖ of the kernels at the start, on the training images. */
  readonly kernel: number
  /** ‖Θ after training − Θ‖ / ‖Θ‖. */
  readonly drift: number
  /** The mean distance of the training from the dense one, on the training images and on the others. */
  readonly training: number
  readonly held: number
  /** The same distance where both are trained as their kernels at the start say. */
  readonly linear: number
  /** The mean distance of a training from what its own kernel at the start says. */
  readonly prediction: number
  /** The mean over the times of what the distance of the kernels bounds the linear distance by. */
  readonly bound: number
  /** The mean distance of a mask's training with thrice the steps from the dense one, at a third of its steps each. */
  readonly longer?: number
}

const oneHot = (labels: NdArray): NdArray => evaluateOn(ops.oneHot(10))(labels)

/** ‖a − b‖, or ‖a‖. */
const norm = (a: ArrayLike<number>, b?: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i]! - (b?.[i] ?? 0)) ** 2
  return Math.sqrt(sum)
}

const trajectory = (all: readonly NdArray[]): train.Trajectory =>
  all.map((outputs, step) => ({ step, outputs }))

/** The mean of the relative distances over the times. */
const distance = (a: readonly NdArray[], b: readonly NdArray[]): number =>
  mean(train.distances(trajectory(a), trajectory(b)))

/** How far a kernel is from another one, relative to that. */
const kernelDistance = (kernel: NdArray, from: NdArray): number => getOrThrow(ntk.drift([from, kernel]))[1]!

/** What a candidate's kernel and training are. */
interface Trained {
  readonly method: string
  /** Θ of the training images at the start, [n, n, outputs, outputs]. */
  readonly kernel: NdArray
  readonly drift: number
  /** Outputs on all images at the times. */
  readonly outputs: readonly NdArray[]
  /** Of a mask, the same at thrice the times of a training that is so much longer. */
  readonly longer: readonly NdArray[] | undefined
  /** Outputs on the training images before every step and after the last one, as the kernel at the start has them. */
  readonly linear: readonly NdArray[]
}

const kernelOf =
  (network: nn.Network, outputs: 'full' | 'mean', chosen: Mask) =>
  (p: Concrete<nn.Params>, x: NdArray): Effect<NdArray> =>
  (runner) =>
    pipe(
      run(runner)((q: nn.Params, at: Tensor, m: nn.Weights) =>
        ntk.empiricalNtk(network.apply, { outputs })(q, at, at, m)
      )(p, x, chosen),
      TE.map(({ value }) => value)
    )

/** The eigenvalues of the 'mean' kernel of a candidate, from the largest down. */
export const spectrumOf =
  (network: nn.Network, x: NdArray) =>
  ({ start, chosen }: Pick<Candidate, 'start' | 'chosen'>): Effect<readonly number[]> =>
    pipe(
      kernelOf(network, 'mean', chosen)(start, x),
      RTE.flatMapEither((kernel) => ntk.spectrum(kernel)),
      RTE.map(({ values }) => Array.from(values))
    )

/** Trains a candidate, and says how its kernel would. */
const trainedBy =
  (network: nn.Network, { x: all, y: labels }: nn.Dataset, rate: number, seed: number) =>
  ({ method, start, chosen }: Candidate): Effect<Trained> => {
    const [x, y] = [rows(0, TRAIN, all), oneHot(rows(0, TRAIN, labels))]
    const kernelAt = kernelOf(network, 'full', chosen)
    const fit = (epochs: number): Effect<train.FitResult> =>
      train.fit(nn.centred(network.apply, mask.applyConcrete(chosen)(start)), {
        optimiser: train.momentum(0),
        loss: nn.mse,
        schedule: train.schedule.constant(rate),
        mask: chosen,
        epochs,
        batch: TRAIN,
        record: { x: all, times: TIMES }
      })(start, { x, y }, key(seed))
    return pipe(
      RTE.Do,
      RTE.bind('kernel', () => kernelAt(start, x)),
      RTE.bind('fitted', () => fit(STEPS)),
      RTE.bind('longer', () => (mask.density(chosen) < 1 ? fit(3 * STEPS) : RTE.of(undefined))),
      RTE.bind('after', ({ fitted }) => kernelAt(fitted.params, x)),
      RTE.bind('predicted', ({ kernel }) =>
        RTE.fromEither(
          ntk.predictDescent(kernel, nn.mse, y, {
            start: ndarray.of(y.shape, new Float64Array(y.data.length)),
            rate,
            times: Array.from({ length: STEPS + 1 }, (_, step) => step)
          })
        )
      ),
      RTE.map(({ kernel, after, fitted, longer, predicted }) => ({
        method,
        kernel,
        drift: kernelDistance(after, kernel),
        outputs: fitted.recorded.map(({ outputs }) => outputs),
        longer: longer?.recorded.map(({ outputs }) => outputs),
        linear: predicted.train
      }))
    )
  }

const atTimes = (along: readonly NdArray[]): readonly NdArray[] =>
  Array.from({ length: TIMES }, (_, t) => along[(STEPS / TIMES) * (t + 1)]!)

/**
 * What bounds the linear distance, in multiples of ‖Θ − Θ_dense‖: of two descents f and g from the same outputs,
 * f − g shrinks by itself, and each step adds at most η/n ‖Θ − Θ_dense‖ ‖g − y‖.
 */
const growth = ({ linear }: Trained, y: NdArray, rate: number): number => {
  let sum = 0
  const sums = linear.map(({ data: g }) => {
    const before = sum
    sum += (rate / TRAIN) * norm(g, y.data)
    return before
  })
  return mean(atTimes(linear).map(({ data: g }, t) => sums[(STEPS / TIMES) * (t + 1)]! / norm(g)))
}

const rowsOf = (
  width: number,
  seed: number,
  y: NdArray,
  rate: number,
  all: readonly Trained[]
): readonly Row[] => {
  const dense = all[0]!
  const factor = growth(dense, y, rate)
  const part = (from: number, to: number, outputs: readonly NdArray[]): readonly NdArray[] =>
    outputs.map((one) => rows(from, to, one))
  const trained = part(0, TRAIN, dense.outputs)
  return all.map((one) => {
    const kernel = kernelDistance(one.kernel, dense.kernel)
    return {
      width,
      seed,
      method: one.method,
      kernel,
      drift: one.drift,
      training: distance(part(0, TRAIN, one.outputs), trained),
      held: distance(part(TRAIN, TRAIN + HELD, one.outputs), part(TRAIN, TRAIN + HELD, dense.outputs)),
      linear: distance(atTimes(one.linear), atTimes(dense.linear)),
      prediction: distance(atTimes(one.linear), part(0, TRAIN, one.outputs)),
      bound: factor * kernel * norm(dense.kernel.data),
      ...(one.longer && { longer: distance(part(0, TRAIN, one.longer), trained) })
    }
  })
}

/** The dense network of a width and seed, its attacked images, and those that are compared with it. */
export const prepared = (width: number, seed: number) => {
  const network = networkOf(width)
  const params = network.init(key(seed), [64])
  return pipe(
    attacked(network, params, seed),
    RTE.map((set) => ({
      network,
      params,
      set,
      train: { x: rows(0, TRAIN, set.x), y: rows(0, TRAIN, set.y) }
    })),
    RTE.bind('candidates', (at) => candidatesOf(network, params, at.train, seed)),
    RTE.bind('spectrum', ({ train: { x } }) =>
      spectrumOf(network, x)({ start: params, chosen: ones(params) })
    )
  )
}

/** Measures the dense network, another one and five masks of a width and seed. */
export const measured = (width: number, seed: number): Effect<readonly Row[]> =>
  pipe(
    prepared(width, seed),
    RTE.let('rate', ({ spectrum: [largest] }) => TRAIN / (2 * largest!)),
    RTE.bind('all', ({ network, set, candidates, rate }) =>
      pipe(candidates, RTE.traverseSeqArray(trainedBy(network, set, rate, seed)))
    ),
    RTE.map((at) => rowsOf(width, seed, oneHot(at.train.y), at.rate, at.all)),
    RTE.tapIO((found) => () => {
      for (const { method, kernel, drift, training, held, linear, prediction, bound, longer = 0 } of found)
        process.stderr.write(
          `${width} ${seed} ${method.padEnd(13)} ${[kernel, drift, training, held, linear, prediction, bound, longer].map((x) => x.toFixed(3)).join(' ')}\n`
        )
    })
  )
