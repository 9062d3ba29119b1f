import { fail } from '../core/error.js'
import { normals } from '../core/key.js'
import { type NdArray, of, zeros } from '../core/ndarray.js'
import { type Shape, showShape } from '../core/shape.js'
import { split } from '../graph/key.js'
import { add, matmul, scale } from '../graph/ops/index.js'
import type { HostKey } from '../core/key.js'
import type { Layer } from './layer.js'

/** How a dense layer starts and is scaled. */
export interface DenseOptions {
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

const scaledNormals = (key: HostKey, shape: Shape, sigma: number): NdArray => {
  const size = shape.reduce((n, m) => n * m, 1)
  return sigma === 0
    ? zeros(shape)
    : of(
        shape,
        normals(key, size).map((z) => sigma * z)
      )
}

const check = (width: number, sigmaW: number, sigmaB: number): void => {
  if (!(Number.isInteger(width) && width > 0))
    fail('ArgumentError', 'nn.dense', 'a whole width of at least 1', `${width}`)
  for (const [name, sigma] of [
    ['sigmaW', sigmaW],
    ['sigmaB', sigmaB]
  ] as const) {
    if (!(Number.isFinite(sigma) && sigma >= 0))
      fail('ArgumentError', 'nn.dense', 'a finite scale of at least 0', `${sigma}`, name)
  }
}

/**
 * A fully connected layer, [n, fan-in] → [n, width], with weights [fan-in, width] and biases [width]. Inputs of one
 * example must have one axis: put `nn.flatten` before it otherwise.
 */
export const dense = (width: number, options: DenseOptions = {}): Layer => {
  const { parametrisation = 'standard', sigmaW = Math.SQRT2, sigmaB = 0, bias = true } = options
  check(width, sigmaW, sigmaB)
  const ntk = parametrisation === 'ntk'
  const fanIn = (shape: Shape): number =>
    shape.length === 1 ? shape[0]! : fail('ShapeError', 'nn.dense', 'examples of one axis', showShape(shape))
  return {
    outputShape: (shape) => (fanIn(shape), [width]),
    init: (key, shape) => {
      const [forW, forB] = split(2)(key)
      const n = fanIn(shape)
      const w = scaledNormals(forW, [n, width], ntk ? 1 : sigmaW / Math.sqrt(n))
      return bias ? { w, b: scaledNormals(forB, [width], ntk ? 1 : sigmaB) } : { w }
    },
    apply:
      ({ w, b }) =>
      (x) => {
        if (w === undefined) return fail('TreeError', 'nn.dense', 'weights', 'none', 'w')
        const product = matmul(w)(x)
        const pre = ntk ? scale(sigmaW / Math.sqrt(w.shape[0]!))(product) : product
        return b === undefined ? pre : add(ntk ? scale(sigmaB)(b) : b)(pre)
      }
  }
}
