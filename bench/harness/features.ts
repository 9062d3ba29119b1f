import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  attack,
  type Concrete,
  evaluateOn,
  key,
  type NdArray,
  ndarray,
  nn,
  ntk,
  ops,
  run,
  type Runner,
  type TangentError,
  type Tensor
} from '../../lib/index.js'
import { mean } from '../../lib/core/mean.js'
import type { Effect } from '../../lib/graph/runner.js'
import type { LoadedSet } from '../../lib/io/index.js'
import { digits, each, partsOf } from './draws.js'
import { rows } from './rows.js'

// The features of a kernel (Tsilivis and Kempe, NeurIPS 2022), how useful each is, and how much of that attacks leave. Regression with
// Θ is a sum over the modes (λ, v) of Θ(X, X): f(x) = Σ f_v(x), f_v(x) = φ_v(x) c_v with φ_v(x) = Θ(x, X) v / λ, one number for each
// image, and c_v = vᵀY, what it says of the classes.

/** The setting: images that are known and those that are tested of a draw, radii in L∞, and the steps of the attacks. */
export const setting = { images: 600, tests: 200, epsilons: [0.05, 0.1], steps: 10 } as const

const CLASSES = 10

/** The modes of a kernel, as features of a regression. */
export interface Features {
  /** The eigenvalues, from the largest down. */
  readonly values: readonly number[]
  /** v / λ in rows, [n, n]. */
  readonly duals: NdArray
  /** c_v in rows, [n, classes]. */
  readonly classes: NdArray
}

/** The features of a kernel Θ(X, X) for targets [n, classes]. */
export const featuresOf = (kernel: NdArray, targets: NdArray): E.Either<TangentError, Features> =>
  pipe(
    ntk.spectrum(kernel),
    E.map(({ values, vectors }) => {
      const [n = 0] = kernel.shape
      return {
        values,
        duals: ndarray.of(
          vectors.shape,
          vectors.data.map((one, at) => one / values[Math.floor(at / n)]!)
        ),
        classes: evaluateOn((v: Tensor, y: Tensor) => ops.matmul(y)(v))(vectors, targets)
      }
    })
  )

/** The dual coefficients of the features of some ranks, counted from 0, together: [n, classes]. */
export const dualOf = ({ duals, classes }: Features, from: number, to: number): NdArray => {
  const [d, c] = [duals, classes].map((one) => rows(from, to, one))
  return evaluateOn((a: Tensor, b: Tensor) => ops.einsum('in,ic->nc')(a, b))(d!, c!)
}

const { dense, relu, serial } = ntk.infinite
const network = serial(dense(), relu, dense(), relu, dense())
const kernel = (a: Tensor, b: Tensor): Tensor => network.kernel(a, b).ntk

/** A regression: its dual coefficients, and the images that it knows. */
type Regression = { readonly dual: Tensor; readonly known: Tensor }

const regression: nn.Model<Regression> =
  ({ dual, known }) =>
  (x) =>
    ops.matmul(dual)(kernel(x, known))

/** One-hot labels less their mean. */
const centred = (labels: Tensor): Tensor => ops.sub(1 / CLASSES)(ops.oneHot(CLASSES)(labels))

/** What an attack on a feature raises: how much it speaks against the label. */
const against: attack.AttackLoss = (labels) => (outputs) =>
  ops.neg(ops.sum([1])(ops.mul(centred(labels))(outputs)))

const common = { epsilon: 0, steps: setting.steps, relativeStep: 2.5, randomStart: false } as const

/**
 * An attack on a predictor is the best point of its way, the image itself among them, by what is misclassified; one on a feature has no
 * class to change. Radii come with the images.
 */
const attacks = {
  predictor: attack.pgd({ ...common, loss: nn.cw(Infinity), keep: 'best' }),
  feature: attack.pgd({ ...common, loss: against })
}

const attacked = (kind: keyof typeof attacks) => (p: Regression, batch: attack.AttackBatch) => {
  const { x } = attacks[kind](regression)(p, batch, key(0))
  return { x, outputs: regression(p)(x) }
}

/** φ of all features on some images, [images, features]. */
const reading = (duals: Tensor, known: Tensor, x: Tensor): Tensor =>
  ops.einsum('jn,in->ji')(kernel(x, known), duals)

/** How well each feature agrees with the labels: the cosine of φ with ⟨y, c⟩ over the images; the length of φ is that without an attack. */
const agreements = (
  labels: NdArray,
  { classes }: Features,
  phi: NdArray,
  natural: NdArray
): readonly number[] => {
  const [count = 0, n = 0] = phi.shape
  return Array.from({ length: n }, (_, i) => {
    const own = classes.data.subarray(CLASSES * i, CLASSES * (i + 1))
    const middle = mean(Array.from(own))
    let [dot, length, target] = [0, 0, 0]
    for (let j = 0; j < count; j++) {
      const wanted = own[labels.data[j]!]! - middle
      dot += phi.data[j * n + i]! * wanted
      length += natural.data[j * n + i]! ** 2
      target += wanted ** 2
    }
    return digits(dot / Math.sqrt(length * target))
  })
}

/** The ranks whose features are attacked one by one, and the numbers of leading features that are tested together; from 1. */
export const ranks = [1, 2, 3, 5, 8, 12, 20, 32, 50, 80, 125, 200, 320, 600] as const
export const leading = [1, 3, 10, 30, 60, 100, 200, 600] as const

/** What one draw of images says. */
export interface Draw {
  readonly seed: number
  /** Of each rank: the eigenvalue, the share of the labels along its mode, and the agreement with the labels. */
  readonly values: readonly number[]
  readonly energy: readonly number[]
  readonly natural: readonly number[]
  /** The same agreement for each radius under the attack on the whole regression; at `ranks` under the one on the feature. */
  readonly whole: readonly (readonly number[])[]
  readonly own: readonly (readonly number[])[]
  /** The accuracy of the `leading` features together: as the images are, and for each radius under the attack on them. */
  readonly clean: readonly number[]
  readonly robust: readonly (readonly number[])[]
}

const accuracyOf = (outputs: NdArray, y: NdArray): number =>
  ndarray.toNumber(evaluateOn((z: Tensor, labels: Tensor) => nn.accuracy(labels)(z))(outputs, y))

/** What the leading features say together. */
const outputsOf = ({ classes }: Features, phi: NdArray, count: number): NdArray =>
  evaluateOn((read: Tensor, c: Tensor) =>
    ops.matmul(ops.sliceAxis(0, 0, count)(c))(ops.sliceAxis(1, 0, count)(read))
  )(phi, classes)

const called =
  <Args extends readonly unknown[], Out>(f: (...args: Args) => Out) =>
  (...args: Concrete<Args>): Effect<Concrete<Out>> =>
  (runner: Runner) =>
    pipe(
      run(runner)(f)(...args),
      TE.map(({ value }) => value)
    )

/** The images of a draw, which no other draw has, and the features of those that are known. */
const prepared = (set: Pick<LoadedSet, 'train' | 'test'>, seed: number) => {
  const {
    train: { x: known, y },
    test: { x, y: labels }
  } = partsOf(set, seed, setting)
  const targets = evaluateOn(centred)(y)
  return pipe(
    called((at: Tensor) => kernel(at, at))(known),
    RTE.flatMapEither((theta) => featuresOf(theta, targets)),
    RTE.map((features) => ({ features, known, x, labels, targets }))
  )
}

const squaredLength = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2
  return sum
}

/** The share of the squared targets along each mode. */
const energyOf = ({ classes: { shape, data } }: Features, targets: NdArray): readonly number[] =>
  Array.from({ length: shape[0]! }, (_, i) =>
    digits(squaredLength(data.subarray(CLASSES * i, CLASSES * (i + 1))) / squaredLength(targets.data))
  )

/** Measures the features of one draw of images. */
export const measured = (set: Pick<LoadedSet, 'train' | 'test'>, seed: number): Effect<Draw> =>
  pipe(
    prepared(set, seed),
    RTE.bindTo('at'),
    RTE.let(
      'read',
      ({ at: { features, known } }) =>
        (x: NdArray) =>
          called(reading)(features.duals, known, x)
    ),
    RTE.let(
      'attack',
      ({ at: { features, known, x, labels } }) =>
        (kind: keyof typeof attacks) =>
        (epsilon: number, from: number, to: number) =>
          called(attacked(kind))(
            { dual: dualOf(features, from, to), known },
            { x, y: labels, epsilon: ndarray.full([setting.tests], epsilon) }
          )
    ),
    RTE.bind('natural', ({ at, read }) => read(at.x)),
    RTE.bind('together', ({ attack: by }) =>
      each(setting.epsilons, (epsilon) => each(leading, (count) => by('predictor')(epsilon, 0, count)))
    ),
    RTE.bind('whole', ({ together, read }) => each(together, (found) => read(found.at(-1)!.x))),
    RTE.bind('own', ({ at: { features, labels }, natural, attack: by, read }) =>
      each(setting.epsilons, (epsilon) =>
        each(ranks, (rank) =>
          pipe(
            by('feature')(epsilon, rank - 1, rank),
            RTE.flatMap(({ x }) => read(x)),
            RTE.map((phi) => agreements(labels, features, phi, natural)[rank - 1]!)
          )
        )
      )
    ),
    RTE.map(({ at: { features, labels, targets }, natural, together, whole, own }) => ({
      seed,
      values: features.values.map(digits),
      energy: energyOf(features, targets),
      natural: agreements(labels, features, natural, natural),
      whole: whole.map((phi) => agreements(labels, features, phi, natural)),
      own,
      clean: leading.map((count) => accuracyOf(outputsOf(features, natural, count), labels)),
      robust: together.map((found) => found.map(({ outputs }) => accuracyOf(outputs, labels)))
    }))
  )
