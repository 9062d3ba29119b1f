import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { evaluateOn, type NdArray, ntk, ops, type TangentError } from '../../lib/index.js'
import { digits } from './draws.js'

/** What the kernels along a training are, a number for each. */
export interface Along {
  /** ‖Θ_t − Θ_0‖ / ‖Θ_0‖. */
  readonly drift: readonly number[]
  /** ‖Θ_t − Θ_{t−1}‖ / ‖Θ_{t−1}‖, an epoch before or at the start. */
  readonly velocity: readonly number[]
  /** 1 − cos(Θ_t, Θ_0) and 1 − cos(Θ_t, Θ_{t−1}), which growth alone does not change (Fort et al., arXiv:2010.15110). */
  readonly turn: readonly number[]
  readonly turning: readonly number[]
  /** The centred alignment with the labels. */
  readonly alignment: readonly number[]
  /** The share of the leading eigenvalues in the trace. */
  readonly leading: readonly number[]
  /** The effective rank, by entropy. */
  readonly rank: readonly number[]
}

/** How many eigenvalues lead. */
const LEADING = 10

type Measured = E.Either<TangentError, number>

/** 1 − cos of two kernels, as matrices. */
export const turned = (a: NdArray, b: NdArray): Measured =>
  pipe(
    ntk.alignment(a, b, { centred: false }),
    E.map((cosine) => 1 - cosine)
  )

/** How far a kernel is from another one, relative to that. */
const moved = (from: NdArray, to: NdArray): Measured =>
  pipe(
    ntk.drift([from, to]),
    E.map((all) => all.at(-1)!)
  )

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)

const share = (kernel: NdArray): Measured =>
  pipe(
    ntk.spectrum(kernel),
    E.map(({ values }) => sum(values.slice(0, LEADING)) / sum(values))
  )

/** A measure of each of some kernels, given the place of each. */
export const ofEach = (
  kernels: readonly NdArray[],
  measure: (kernel: NdArray, at: number) => Measured
): E.Either<TangentError, readonly number[]> =>
  pipe(
    kernels,
    E.traverseArrayWithIndex((at, kernel) => measure(kernel, at)),
    E.map((values) => values.map(digits))
  )

/** What kernels of the same images at some times in epochs, the first of them 0, are, given the labels of the images. */
export const alongOf = (
  kernels: readonly NdArray[],
  times: readonly number[],
  y: NdArray
): E.Either<TangentError, Along> => {
  const labels = evaluateOn(ops.oneHot(10))(y)
  const all = (measure: (kernel: NdArray, before: NdArray) => Measured) => () =>
    ofEach(kernels, (kernel, at) => measure(kernel, kernels[Math.max(0, times.indexOf(times[at]! - 1))]!))
  const [first] = kernels
  return pipe(
    E.Do,
    E.bind(
      'drift',
      all((kernel) => moved(first!, kernel))
    ),
    E.bind(
      'velocity',
      all((kernel, before) => moved(before, kernel))
    ),
    E.bind(
      'turn',
      all((kernel) => turned(kernel, first!))
    ),
    E.bind('turning', all(turned)),
    E.bind(
      'alignment',
      all((kernel) => ntk.labelAlignment(kernel, labels))
    ),
    E.bind('leading', all(share)),
    E.bind(
      'rank',
      all((kernel) => ntk.effectiveRank(kernel))
    )
  )
}
