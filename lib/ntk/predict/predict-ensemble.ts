import type { Either } from 'fp-ts/lib/Either.js'
import { fail, type TangentError } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import { showShape } from '../../core/shape.js'
import { attempt } from '../../graph/trace.js'
import { matrixFunction, modesOf } from '../spectrum/matrix-function.js'
import { finite, gramOf, outputCount, symmetricGramOf } from '../spectrum/gram.js'
import { closedForm, type MseOptions } from './predict-mse.js'

/** Both kernels of an infinitely wide network between the same inputs, as `network.kernel` gives them. */
export interface LimitKernels {
  /** K, the covariance of outputs at the start. */
  readonly nngp: NdArray
  /** Θ. */
  readonly ntk: NdArray
}

/**
 * The training of an ensemble.
 *
 * @defaultValue `flow`, rate 1 and no momentum
 */
export interface EnsembleOptions extends Omit<MseOptions, 'start' | 'test'> {
  /** Other inputs x: kernels with the training examples, [m, n], and the covariance K(x, x), [m, m]. */
  readonly test?: { readonly cross: LimitKernels; readonly own: Pick<LimitKernels, 'nngp'> }
}

/** A Gaussian process at some inputs; outputs are independent of one another and share the covariance. */
export interface Gaussian {
  /** [inputs, …], in the shape of y. */
  readonly mean: NdArray
  /** [inputs, inputs]. */
  readonly covariance: NdArray
}

/** The ensemble along training, one distribution for each time. */
export interface EnsemblePrediction {
  readonly times: readonly number[]
  readonly train: readonly Gaussian[]
  /** Empty without test inputs. */
  readonly test: readonly Gaussian[]
}

const OPERATION = 'ntk.predictEnsemble'

const matrixOf = (array: NdArray, rows: number, columns: number, where: string): Float64Array =>
  array.shape.length === 2 && array.shape[0] === rows && array.shape[1] === columns
    ? finite(OPERATION, array, where)
    : fail('ShapeError', OPERATION, `a kernel [${rows},${columns}]`, showShape(array.shape), where)

/** [rows, columns] as [columns, rows]. */
const transposed = (a: Float64Array, rows: number, columns: number): Float64Array =>
  a.map((_, at) => a[(at % rows) * columns + Math.floor(at / rows)]!)

/** Aᵀ B of A [n, p] and B [n, q]. */
const inner = (a: Float64Array, b: Float64Array, n: number, p: number, q: number): Float64Array => {
  const out = new Float64Array(p * q)
  for (let k = 0; k < n; k++)
    for (let i = 0; i < p; i++) {
      const x = a[k * p + i]!
      for (let j = 0; j < q; j++) out[i * q + j]! += x * b[k * q + j]!
    }
  return out
}

/** Kernels of m inputs with the n training examples as [n, m], and their own covariance. */
interface Inputs {
  readonly count: number
  readonly prior: Float64Array
  readonly nngp: Float64Array
}

/**
 * With f_t(x) = f₀(x) + Bᵀ(f₀(X) − y) and f₀ a centred Gaussian process of covariance K: mean −Bᵀy, covariance
 * K(x, x) + BᵀK(X, X)B + BᵀK(X, x) + K(x, X)B.
 */
const gaussian = (
  b: Float64Array,
  { count: m, prior, nngp }: Inputs,
  k: Float64Array,
  y: NdArray
): Gaussian => {
  const n = y.shape[0]!
  const outputs = y.data.length / n
  const mean = inner(b, Float64Array.from(y.data), n, m, outputs).map((x) => -x)
  const spread = inner(b, inner(k, b, n, n, m), n, m, m)
  const mixed = inner(b, nngp, n, m, m)
  const covariance = spread.map((x, at) => {
    const [i, j] = [Math.floor(at / m), at % m]
    return x + prior[at]! + mixed[at]! + mixed[j * m + i]!
  })
  return { mean: of([m, ...y.shape.slice(1)], mean), covariance: of([m, m], covariance) }
}

/**
 * Predicts an ensemble of infinitely wide networks along training on (1/2N)Σ‖f − y‖². Outputs are a Gaussian process at
 * every time, because training acts on the Gaussian start linearly (Lee et al., arXiv:1902.06720, eqs. 13–16). `kernels` are K and Θ at the training
 * inputs, [n, n], as `network.kernel(x)` of `ntk.infinite` gives them; y is [n, o] or [n]. At time 0 it is the prior, N(0, K). With K
 * for Θ, at time ∞, it is the Bayesian posterior of the network (only the last layer is then trained); with Θ it is no
 * posterior of any prior. Errors as in {@link predictMse}.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { evaluateOn, ndarray, ntk, type Tensor } from 'tangentflow'
 *
 * const { dense, relu, serial } = ntk.infinite
 * const net = serial(dense(), relu, dense())
 * const [x, fresh] = [ndarray.fromNested([[1, 0], [0, 1]]), ndarray.fromNested([[1, 1]])]
 * const within = evaluateOn((a: Tensor) => net.kernel(a))
 * const between = evaluateOn((a: Tensor, b: Tensor) => net.kernel(a, b))
 * const test = { cross: between(fresh, x), own: within(fresh) }
 * const found = ntk.predictEnsemble(within(x), ndarray.fromNested([1, -1]), { times: [0, Infinity], test })
 * assert.ok(E.isRight(found))
 * const [before, after] = found.right.test
 * assert.ok(after!.covariance.data[0]! < before!.covariance.data[0]!) // data leave less doubt
 * assert.ok(Math.abs(found.right.train[1]!.covariance.data[0]!) < 1e-9) // and none where they are
 */
export const predictEnsemble = (
  kernels: LimitKernels,
  y: NdArray,
  options: EnsembleOptions
): Either<TangentError, EnsemblePrediction> =>
  attempt(() => {
    const modes = modesOf(OPERATION, kernels.ntk, options)
    if (modes.gram.layout !== 'mean')
      fail('ShapeError', OPERATION, 'a kernel [n, n]', showShape(kernels.ntk.shape), 'kernels.ntk')
    outputCount(OPERATION, modes.gram, y.shape, 'y')
    const [n] = modes.gram.examples
    finite(OPERATION, y, 'y')
    const { response, inRange } = closedForm(OPERATION, options, modes)
    matrixOf(kernels.nngp, n, n, 'kernels.nngp')
    const k = symmetricGramOf(OPERATION, kernels.nngp).matrices[0]!
    const { times, test } = options

    const predictAt = (inputs: Inputs, coefficients: (t: number) => Float64Array): readonly Gaussian[] =>
      times.map((t) => {
        const { mean, covariance } = gaussian(coefficients(t), inputs, k, y)
        return { mean: inRange(t, mean), covariance: inRange(t, covariance) }
      })
    const identity = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0))
    const train = predictAt({ count: n, prior: k, nngp: k }, (t) =>
      matrixFunction(modes, (value) => value * response(value, t), identity, n)
    )
    if (test === undefined) return { times, train, test: [] }

    const [m] = gramOf(OPERATION, test.cross.ntk, 'test.cross.ntk').examples
    const cross = transposed(matrixOf(test.cross.ntk, m, n, 'test.cross.ntk'), m, n)
    const inputs = {
      count: m,
      prior: matrixOf(test.own.nngp, m, m, 'test.own.nngp'),
      nngp: transposed(matrixOf(test.cross.nngp, m, n, 'test.cross.nngp'), m, n)
    }
    const coefficients = (t: number): Float64Array =>
      matrixFunction(modes, (value) => response(value, t), cross, m)
    return { times, train, test: predictAt(inputs, coefficients) }
  })
