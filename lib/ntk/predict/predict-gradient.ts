import * as E from 'fp-ts/lib/Either.js'
import { fail, TangentFailure } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import type { Shape } from '../../core/shape.js'
import { grad } from '../../diff/index.js'
import { evaluateGraph } from '../../graph/evaluate.js'
import { spec, type Specs } from '../../graph/spec.js'
import type { Tensor } from '../../graph/tensor.js'
import { trace } from '../../graph/trace.js'
import type { Loss } from '../../nn/loss.js'

/** ∇L of a loss with respect to outputs of a shape, as a function of concrete outputs. */
export type Gradient = (outputs: Float64Array) => Float64Array

/** Traces ∇L(f) once, for targets y and outputs of the given shape, and evaluates it in float64. */
export const gradientOf = (loss: Loss, y: NdArray, shape: Shape): Gradient => {
  const specs: Specs<[Tensor, Tensor]> = [spec(shape), spec(y.shape)]
  const traced = trace((f: Tensor, target: Tensor) => grad(loss(target))(f), specs)
  if (E.isLeft(traced)) throw new TangentFailure(traced.left)
  const { graph } = traced.right
  return (outputs) => Float64Array.from(evaluateGraph(graph, [of(shape, outputs), y])[0]!.data)
}

/** Refuses gradients that are not finite. */
export const checkGradient = (operation: string, gradient: Float64Array, where: string): Float64Array =>
  gradient.every(Number.isFinite)
    ? gradient
    : fail(
        'DataError',
        operation,
        'a loss with a finite gradient at the outputs',
        'NaN or an infinity',
        where
      )
