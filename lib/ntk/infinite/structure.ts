import { fail } from '../../core/error.js'
import * as ops from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as nn from '../../nn/index.js'
import { frameOf, windowOf } from '../../nn/window.js'
import { type Covariances, mapEach, toDiagonal } from './covariances.js'
import type { InfiniteLayer } from './layer.js'
import { pool } from './windows.js'

/** x, unchanged. */
export const identity: InfiniteLayer = {
  limit: (input) => input,
  reads: (wanted) => wanted,
  ending: 'same',
  open: 0,
  finite: () => ({ kind: 'layer', layer: nn.pointwise((x) => x) })
}

/** The last axes that are not those of the batch. */
const inner = (t: Tensor, batchAxes: number): number[] =>
  t.shape.map((_, axis) => axis).filter((axis) => axis >= batchAxes)

const averaged = mapEach((t, batchAxes) => ops.mean(inner(t, batchAxes))(t))

/**
 * Every example as one axis. Features of different pixels never meet in what follows, so the kernel is the mean over pairs
 * of equal pixels, and the layers before need no others.
 */
export const flatten: InfiniteLayer = {
  limit: (input) => (input.form === 'vector' ? input : { ...averaged(toDiagonal(input)), form: 'vector' }),
  reads: () => 'diagonal',
  ending: 'linear',
  open: 0,
  finite: () => ({ kind: 'layer', layer: nn.flatten })
}

const image = (operation: string, { form }: Covariances): void => {
  if (form !== 'full') fail('ShapeError', operation, 'images [n, channels, height, width]', 'features')
}

/**
 * The mean of each window, laid over the image as `nn.avgPool`. It mixes pixels, so all layers before it need the
 * covariance of every pair of pixels: n1 · n2 · (height · width)² numbers.
 */
export const avgPool = (size: nn.Pair, options: nn.PoolOptions = {}): InfiniteLayer => {
  const operation = 'infinite.avgPool'
  const window = windowOf(operation, size, { stride: size, ...options })
  const layer = nn.avgPool(size, options)
  return {
    limit: (input) => {
      image(operation, input)
      const frame = frameOf(window, input.own1.shape.slice(1, 3))
      return mapEach((t, batchAxes) => pool(window, frame, batchAxes)(t))(input)
    },
    reads: () => 'full',
    ending: 'linear',
    open: 0,
    finite: () => ({ kind: 'layer', layer })
  }
}

/** The mean over all of each image, [n, channels, height, width] → [n, channels]; cost as {@link avgPool}. */
export const globalAvgPool: InfiniteLayer = {
  limit: (input) => {
    image('infinite.globalAvgPool', input)
    return { ...averaged(input), form: 'vector' }
  },
  reads: () => 'full',
  ending: 'linear',
  open: 0,
  finite: () => ({ kind: 'layer', layer: nn.globalAvgPool })
}
