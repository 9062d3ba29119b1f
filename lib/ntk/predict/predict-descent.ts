import type { Either } from 'fp-ts/lib/Either.js'
import type { TangentError } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import { attempt } from '../../graph/trace.js'
import type { Loss } from '../../nn/loss.js'
import { applyGram, finite, symmetricGramOf } from '../spectrum/gram.js'
import { checkGradient, gradientOf } from './predict-gradient.js'
import type { FlowOptions } from './predict-ode.js'
import { checkTimes, dynamicsOf, movedBy, type Prediction, settingOf } from './prediction.js'

/** Steps of gradient descent under any loss; times are numbers of steps, in ascending order. */
export type DescentOptions = Pick<FlowOptions, 'times' | 'start' | 'test' | 'rate' | 'momentum'>

const OPERATION = 'ntk.predictDescent'

/**
 * Outputs of the linearised model along gradient descent on any traced loss, step by step: with f(x) = f₀(x) + Θ(x, X) u, uₖ₊₁ =
 * uₖ + β(uₖ − uₖ₋₁) − η ∇L(fₖ(X)). Exact for models that are linear in their parameters. Arguments, layouts and refusals as
 * in {@link predictOde}; for squared error {@link predictMse} has the closed form.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, nn, ntk } from 'tangentflow'
 *
 * // f = w x at x = 1: w ← w − ½(w − 1)
 * const [kernel, y] = [ndarray.fromNested([[1]]), ndarray.fromNested([[1]])]
 * const start = ndarray.fromNested([[0]])
 * const found = ntk.predictDescent(kernel, nn.mse, y, { start, rate: 0.5, times: [1, 2, 3] })
 * assert.ok(E.isRight(found))
 * assert.deepEqual(found.right.train.map(({ data }) => data[0]), [0.5, 0.75, 0.875])
 */
export const predictDescent = (
  kernel: NdArray,
  loss: Loss,
  y: NdArray,
  options: DescentOptions
): Either<TangentError, Prediction> =>
  attempt(() => {
    const { times, start } = options
    checkTimes(
      OPERATION,
      times,
      'whole numbers of steps of at least 0, ascending',
      (t, i) => Number.isInteger(t) && (i === 0 || t >= times[i - 1]!)
    )
    const { rate, momentum } = dynamicsOf(OPERATION, options)
    const { train, test, outputs } = settingOf(
      OPERATION,
      symmetricGramOf(OPERATION, kernel),
      start.shape,
      'start',
      options
    )
    finite(OPERATION, y, 'y')
    const gradient = gradientOf(loss, y, start.shape)

    let [taken, dual, last] = [0, new Float64Array(train.start.length), new Float64Array(train.start.length)]
    const duals = times.map((time) => {
      for (; taken < time; taken++) {
        const at = applyGram(train.gram, dual, outputs).map((x, i) => x + train.start[i]!)
        const slope = checkGradient(OPERATION, gradient(at), `step ${taken}`)
        const [now, before] = [dual, last]
        dual = now.map((x, i) => x + momentum * (x - before[i]!) - rate * slope[i]!)
        last = now
      }
      return dual
    })
    return {
      times,
      train: duals.map((u) => movedBy(train, u)),
      test: test === undefined ? [] : duals.map((u) => movedBy(test, u))
    }
  })
