import { plain } from '../core/plain.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { requireFinite, requireWhole } from '../core/check.js'
import { fail } from '../core/error.js'
import { type HostKey, normals } from '../core/key.js'
import { type NdArray, of, zeros } from '../core/ndarray.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import { split } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import type { Layer } from './layer.js'

/** How a layer of weights and biases starts and is scaled. */
export interface AffineOptions {
  /**
   * `standard`: x·w + b with w ~ N(0, σ_w²/fan-in), b ~ N(0, σ_b²). `ntk` (Jacot, Gabriel, Hongler, arXiv:1806.07572):
   * σ_w/√fan-in · x·w + σ_b·b with w, b ~ N(0, 1), so that kernels have a limit as the width grows.
   */
  readonly parametrisation?: 'standard' | 'ntk'
  /**
   * What divides the variance of standard weights: the fan-in, or the `average` of fan-in and fan-out, with σ_w = 1 that of
   * Glorot and Bengio ("Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
   * eq. 12). The NTK parametrisation divides by the fan-in alone; with `average` it is an ArgumentError.
   *
   * @defaultValue `in`
   */
  readonly fan?: 'in' | 'average'
  /** σ_w. @defaultValue √2 (He et al., arXiv:1502.01852) */
  readonly sigmaW?: number
  /** σ_b. @defaultValue 0: biases start at 0 (`standard`) or have no effect (`ntk`) */
  readonly sigmaB?: number
  /** Whether there is a bias. @defaultValue true */
  readonly bias?: boolean
}

/** The kinds of {@link AffineOptions}. */
export const affineKinds: OptionKinds<AffineOptions> = {
  parametrisation: option.word('standard', 'ntk'),
  fan: option.word('in', 'average'),
  sigmaW: option.number,
  sigmaB: option.number,
  bias: option.flag
}

/** What distinguishes one kind of affine layer from another. */
export interface AffineKind {
  readonly operation: string
  readonly outputShape: (shape: Shape) => Shape
  /** The shape of the weights for examples of a shape. */
  readonly weights: (shape: Shape) => Shape
  /** How many inputs one result sums over, by the shape of the weights. */
  readonly fanIn: (weights: Shape) => number
  /** How many results one input enters, by the shape of the weights. */
  readonly fanOut: (weights: Shape) => number
  /** How many biases there are. */
  readonly width: number
  readonly product: (w: Tensor) => (x: Tensor) => Tensor
  /** The biases laid along the axes of a result. */
  readonly along: (b: Tensor) => Tensor
}

const scaledNormals = (key: HostKey, shape: Shape, sigma: number): NdArray =>
  sigma === 0
    ? zeros(shape)
    : of(
        shape,
        normals(key, sizeOf(shape)).map((z) => sigma * z)
      )

/** A layer that multiplies by weights and adds biases, in either parametrisation. */
export const affine = (
  { operation, outputShape, weights, fanIn, fanOut, width, product, along }: AffineKind,
  { parametrisation = 'standard', fan = 'in', sigmaW = Math.SQRT2, sigmaB = 0, bias = true }: AffineOptions
): Layer => {
  requireWhole(operation, undefined, width, 1)
  requireFinite(operation, 'sigmaW', sigmaW, 0)
  requireFinite(operation, 'sigmaB', sigmaB, 0)
  const ntk = parametrisation === 'ntk'
  if (ntk && fan === 'average')
    fail('ArgumentError', operation, 'the fan-in, by which the NTK parametrisation divides', fan, 'fan')
  const fanOf = (form: Shape): number => (fan === 'in' ? fanIn(form) : (fanIn(form) + fanOut(form)) / 2)
  return {
    outputShape,
    init: (key, shape) => {
      const [forW, forB] = split(2)(key)
      const form = weights(shape)
      const w = scaledNormals(forW, form, ntk ? 1 : sigmaW / Math.sqrt(fanOf(form)))
      return bias ? { w, b: scaledNormals(forB, [width], ntk ? 1 : sigmaB) } : { w }
    },
    apply:
      ({ w, b }) =>
      (x) => {
        if (w === undefined) return fail('TreeError', operation, 'weights', 'none', 'w')
        const plain = product(w)(x)
        const pre = ntk ? ops.scale(sigmaW / Math.sqrt(fanIn(w.shape)))(plain) : plain
        return b === undefined ? pre : ops.add(along(ntk ? ops.scale(sigmaB)(b) : b))(pre)
      }
  }
}

/** How a dense layer starts and is scaled. */
export type DenseOptions = AffineOptions

const inputsOf = (shape: Shape): number =>
  shape.length === 1 ? shape[0]! : fail('ShapeError', 'nn.dense', 'examples of one axis', showShape(shape))

const denseProduct =
  (w: Tensor) =>
  (x: Tensor): Tensor => {
    const [inputs] = w.shape
    return x.shape.at(-1) === inputs
      ? ops.matmul(w)(x)
      : fail(
          'ShapeError',
          'nn.dense',
          `examples of ${inputs} features, [n, ${inputs}]: nn.flatten makes them of images, and one example is a batch of shape [1, …]`,
          showShape(x.shape)
        )
  }

/**
 * A fully connected layer, [n, fan-in] → [n, width], with weights [fan-in, width] and biases [width]. Inputs of one
 * example must have one axis: put `nn.flatten` before it otherwise.
 */
export const dense = plain('nn.dense', (width: number, options: DenseOptions = {}): Layer =>
  affine(
    {
      operation: 'nn.dense',
      outputShape: (shape) => (inputsOf(shape), [width]),
      weights: (shape) => [inputsOf(shape), width],
      fanIn: (weights) => weights[0]!,
      fanOut: (weights) => weights[1]!,
      width,
      product: denseProduct,
      along: (b) => b
    },
    checkOptions('nn.dense', affineKinds, options)
  )
)
