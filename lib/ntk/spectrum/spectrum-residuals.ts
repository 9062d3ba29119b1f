import type { Either } from 'fp-ts/lib/Either.js'
import { fail, type TangentError } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import { sameShape, showShape } from '../../core/shape.js'
import { attempt } from '../../graph/trace.js'
import { eigenSymmetric } from './eigen.js'
import { columnsOf, finite, symmetricGramOf } from './gram.js'
import { settingOf } from '../predict/prediction.js'

/** How far outputs are from targets along one mode of a kernel. */
export interface ModeResidual {
  readonly eigenvalue: number
  /** The squared length of the residual's part along the mode, over all outputs. */
  readonly energy: number
  /** The same as a part of ‖f − y‖²; 0 where there is no residual. */
  readonly share: number
}

const OPERATION = 'ntk.modeResiduals'

/**
 * The residual f − y, mode by mode of Θ(X, X), from the largest eigenvalue down: energies sum to ‖f − y‖², and under
 * gradient flow on (1/2N)Σ‖f − y‖² each falls as e^{−2ηλt/N}. Outputs and targets are [n, o], or [n] for one output; layouts
 * and refusals as in {@link spectrum}.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * const kernel = ndarray.fromNested([[2, 0], [0, 1]])
 * const found = ntk.modeResiduals(kernel, ndarray.fromNested([3, 0]), ndarray.fromNested([0, 1]))
 * assert.ok(E.isRight(found))
 * assert.deepEqual(found.right.map(({ energy }) => energy), [9, 1])
 */
export const modeResiduals = (
  kernel: NdArray,
  outputs: NdArray,
  targets: NdArray
): Either<TangentError, readonly ModeResidual[]> =>
  attempt(() => {
    const gram = symmetricGramOf(OPERATION, kernel)
    const setting = settingOf(OPERATION, gram, targets.shape, 'targets', {})
    if (!sameShape(outputs.shape, targets.shape)) {
      fail(
        'ShapeError',
        OPERATION,
        `outputs ${showShape(targets.shape)}`,
        showShape(outputs.shape),
        'outputs'
      )
    }
    const y = finite(OPERATION, targets, 'targets')
    const residual = finite(OPERATION, outputs, 'outputs').map((f, i) => f - y[i]!)
    const whole = residual.reduce((sum, r) => sum + r * r, 0)
    const columns = columnsOf(gram, setting.outputs)
    const n = gram.height
    const found = gram.matrices.flatMap((matrix, m) => {
      const { values, vectors } = eigenSymmetric(n, matrix)
      return Array.from(values, (eigenvalue, k) => {
        let energy = 0
        for (const { matrix: of, offset, stride } of columns) {
          if (of !== m) continue
          let part = 0
          for (let i = 0; i < n; i++) part += vectors[k * n + i]! * residual[offset + i * stride]!
          energy += part * part
        }
        return { eigenvalue, energy, share: whole === 0 ? 0 : energy / whole }
      })
    })
    return found.sort((a, b) => b.eigenvalue - a.eigenvalue)
  })
