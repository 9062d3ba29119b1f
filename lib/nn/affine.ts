import { fail } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { normals } from '../core/key.js'
import { type NdArray, of, zeros } from '../core/ndarray.js'
import { type Shape, sizeOf } from '../core/shape.js'
import { split } from '../graph/key.js'
import { add, scale } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import type { Layer } from './layer.js'

/** How a layer of weights and biases starts and is scaled. */
export interface AffineOptions {
  /**
   * `standard`: x·w + b with w ~ N(0, σ_w²/fan-in), b ~ N(0, σ_b²). `ntk` (Jacot, Gabriel, Hongler, arXiv:1806.07572):
   * σ_w/√fan-in · x·w + σ_b·b with w, b ~ N(0, 1), so that kernels have a limit as the width grows.
   */
  readonly parametrisation?: 'standard' | 'ntk'
  /** σ_w; √2 (He et al., arXiv:1502.01852) unless given. */
  readonly sigmaW?: number
  /** σ_b; 0 unless given, so biases start at 0 (`standard`) or have no effect (`ntk`). */
  readonly sigmaB?: number
  /** Whether there is a bias; true unless given. */
  readonly bias?: boolean
}

/** What distinguishes one kind of affine layer from another. */
export interface AffineKind {
  readonly operation: string
  readonly outputShape: (shape: Shape) => Shape
  /** The shape of the weights for examples of a shape. */
  readonly weights: (shape: Shape) => Shape
  /** How many inputs one result sums over, by the shape of the weights. */
  readonly fanIn: (weights: Shape) => number
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

const check = (operation: string, width: number, scales: Readonly<Record<string, number>>): void => {
  if (!(Number.isInteger(width) && width > 0))
    fail('ArgumentError', operation, 'a whole width of at least 1', `${width}`)
  for (const [name, sigma] of Object.entries(scales)) {
    if (!(Number.isFinite(sigma) && sigma >= 0))
      fail('ArgumentError', operation, 'a finite scale of at least 0', `${sigma}`, name)
  }
}

/** A layer that multiplies by weights and adds biases, in either parametrisation. */
export const affine = (
  { operation, outputShape, weights, fanIn, width, product, along }: AffineKind,
  { parametrisation = 'standard', sigmaW = Math.SQRT2, sigmaB = 0, bias = true }: AffineOptions
): Layer => {
  check(operation, width, { sigmaW, sigmaB })
  const ntk = parametrisation === 'ntk'
  return {
    outputShape,
    init: (key, shape) => {
      const [forW, forB] = split(2)(key)
      const form = weights(shape)
      const w = scaledNormals(forW, form, ntk ? 1 : sigmaW / Math.sqrt(fanIn(form)))
      return bias ? { w, b: scaledNormals(forB, [width], ntk ? 1 : sigmaB) } : { w }
    },
    apply:
      ({ w, b }) =>
      (x) => {
        if (w === undefined) return fail('TreeError', operation, 'weights', 'none', 'w')
        const plain = product(w)(x)
        const pre = ntk ? scale(sigmaW / Math.sqrt(fanIn(w.shape)))(plain) : plain
        return b === undefined ? pre : add(along(ntk ? scale(sigmaB)(b) : b))(pre)
      }
  }
}
