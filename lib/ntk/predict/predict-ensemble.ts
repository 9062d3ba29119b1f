import { checkOptions } from '../../core/options.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { entry } from '../../core/entry.js'
import { fail, type TangentError } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import { requireShape, showShape } from '../../core/shape.js'
import { evaluateOn } from '../../graph/evaluate.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import { attempt } from '../../graph/trace.js'
import { finite, gramOf, outputCount, symmetricGramOf } from '../spectrum/gram.js'
import { matrixFunction, modesOf } from '../spectrum/spectrum.js'
import { closedForm, mseKinds, type MseOptions } from './predict-mse.js'

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
  readonly test?: {
    /** The kernels of test with training inputs, [m, n]. */
    readonly cross: LimitKernels
    /** The covariance of the test inputs, [m, m]. */
    readonly own: Pick<LimitKernels, 'nngp'>
  }
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
  /** The times of the distributions. */
  readonly times: readonly number[]
  /** The outputs on the training inputs. */
  readonly train: readonly Gaussian[]
  /** Empty without test inputs. */
  readonly test: readonly Gaussian[]
}

const OPERATION = 'ntk.predictEnsemble'

const requireMatrix = (array: NdArray, rows: number, columns: number, where: string): NdArray => {
  requireShape(OPERATION, where, array.shape, [rows, columns], 'a kernel')
  finite(OPERATION, array, where)
  return array
}

/**
 * With f_t(x) = f₀(x) + Bᵀ(f₀(X) − y) and f₀ a centred Gaussian process of covariance K: the mean −Bᵀy and the
 * covariance K(x, x) + BᵀK(X, X)B + BᵀK(X, x) + K(x, X)B. B is [n, m], `prior` K(x, x), `cross` K(x, X).
 */
const moments = (b: Tensor, prior: Tensor, cross: Tensor, k: Tensor, y: Tensor) => {
  const [n, ...more] = y.shape
  const mixed = ops.einsum('ni,jn->ij')(b, cross)
  return {
    mean: ops.neg(ops.reshape([b.shape[1]!, ...more])(ops.einsum('ni,no->io')(b, ops.reshape([n!, -1])(y)))),
    covariance: pipe(
      ops.einsum('ni,nj->ij')(b, ops.einsum('nk,nj->kj')(k, b)),
      ops.add(prior),
      ops.add(mixed),
      ops.add(ops.transpose([1, 0])(mixed))
    )
  }
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
export const predictEnsemble = entry(
  'ntk.predictEnsemble',
  'Either',
  1,
  (kernels: LimitKernels, y: NdArray, options: EnsembleOptions): Either<TangentError, EnsemblePrediction> =>
    attempt(() => {
      const { start: _, ...kinds } = mseKinds
      checkOptions(OPERATION, kinds, options)
      const modes = modesOf(OPERATION, kernels.ntk, options)
      if (modes.gram.layout !== 'mean')
        fail('ShapeError', OPERATION, 'a kernel [n, n]', showShape(kernels.ntk.shape), 'kernels.ntk')
      outputCount(OPERATION, modes.gram, y.shape, 'y')
      const [n] = modes.gram.examples
      finite(OPERATION, y, 'y')
      const { response, inRange } = closedForm(OPERATION, options, modes)
      requireMatrix(kernels.nngp, n, n, 'kernels.nngp')
      const k = of([n, n], symmetricGramOf(OPERATION, kernels.nngp).matrices[0]!)
      const { times, test } = options

      /** B = g(Θ) v at each time, and the distribution that it gives at m inputs. */
      const predictAt = (
        m: number,
        prior: NdArray,
        cross: NdArray,
        g: (eigenvalue: number, time: number) => number,
        v: Float64Array
      ): readonly Gaussian[] =>
        times.map((t) => {
          const b = of(
            [n, m],
            matrixFunction(modes, (value) => g(value, t), v, m)
          )
          const { mean, covariance } = evaluateOn(moments)(b, prior, cross, k, y)
          return { mean: inRange(t)(mean), covariance: inRange(t)(covariance) }
        })
      const identity = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0))
      const train = predictAt(n, k, k, (value, t) => value * response(value, t), identity)
      if (test === undefined) return { times, train, test: [] }

      const [m] = gramOf(OPERATION, test.cross.ntk, 'test.cross.ntk').examples
      const cross = requireMatrix(test.cross.ntk, m, n, 'test.cross.ntk')
      const columns = Float64Array.from(evaluateOn(ops.transpose([1, 0]))(cross).data)
      const prior = requireMatrix(test.own.nngp, m, m, 'test.own.nngp')
      const mixed = requireMatrix(test.cross.nngp, m, n, 'test.cross.nngp')
      return { times, train, test: predictAt(m, prior, mixed, response, columns) }
    })
)
