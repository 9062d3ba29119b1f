import { fail } from '../core/error.js'
import { type Shape, showShape } from '../core/shape.js'
import { matmul } from '../graph/ops/index.js'
import { affine, type AffineOptions } from './affine.js'
import type { Layer } from './layer.js'

/** How a dense layer starts and is scaled. */
export type DenseOptions = AffineOptions

const operation = 'nn.dense'

const inputsOf = (shape: Shape): number =>
  shape.length === 1 ? shape[0]! : fail('ShapeError', operation, 'examples of one axis', showShape(shape))

/**
 * A fully connected layer, [n, fan-in] → [n, width], with weights [fan-in, width] and biases [width]. Inputs of one
 * example must have one axis: put `nn.flatten` before it otherwise.
 */
export const dense = (width: number, options: DenseOptions = {}): Layer =>
  affine(
    {
      operation,
      outputShape: (shape) => (inputsOf(shape), [width]),
      weights: (shape) => [inputsOf(shape), width],
      fanIn: (weights) => weights[0]!,
      fanOut: (weights) => weights[1]!,
      width,
      product: matmul,
      along: (b) => b
    },
    options
  )
