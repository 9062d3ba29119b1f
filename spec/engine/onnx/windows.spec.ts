import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ops, type Tensor } from 'tangentflow'
import { apply } from '../../../lib/graph/tensor.js'
import { windowCases } from '../../support/images.js'
import { runs } from '../../support/runs.js'
import { graphAgrees, holds, input, kinds, primitiveAgrees, shapeOf, traced, useBackends } from './support.js'

const opened = useBackends()

describe.each(kinds)('onnx:%s, windows as on the reference', (kind) => {
  const windows = fc
    .record({
      batch: shapeOf(0, 2),
      kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      extra: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }))
    })
    .map(({ batch, kernel, stride, extra }) => {
      const size = [kernel[0] + extra[0], kernel[1] + extra[1]] as const
      const count = (axis: 0 | 1): number => Math.floor(extra[axis] / stride[axis]) + 1
      return {
        kernel,
        stride,
        size,
        image: [...batch, ...size],
        folded: [...batch, ...kernel, count(0), count(1)]
      }
    })

  it('unfold', async () =>
    holds(windows, ({ kernel, stride, image }) =>
      primitiveAgrees(opened(kind), { tag: 'unfold', kernel, stride }, [image])
    ))

  it('fold', async () =>
    holds(windows, ({ kernel, stride, size, folded }) =>
      primitiveAgrees(opened(kind), { tag: 'fold', kernel, stride, size }, [folded])
    ))
})

describe('windows that overlap', () => {
  it('are pooled and added up, their border taken off, repeated ones among them', () =>
    fc.assert(
      fc.asyncProperty(
        windowCases,
        fc.constantFrom(1, 3, 7),
        fc.tuple(fc.nat({ max: 1 }), fc.nat({ max: 1 })),
        async (of, larger, crop) => {
          const size = [of.size[0] * larger, of.size[1]] as const
          const image = [of.shape[0], of.shape[1], of.shape[2] + size[0] + 1, of.shape[3] + 2]
          const windows = ops.unfold(size, of.stride)(input(image)).shape
          const inside = (x: Tensor): Tensor => {
            const limit = image.map((n, axis) => (axis < 2 ? n : n - crop[axis - 2]!))
            return ops.slice([0, 0, ...crop], limit)(x)
          }
          const folded = (x: Tensor): Tensor =>
            inside(apply({ tag: 'fold', kernel: size, stride: of.stride, size: [image[2]!, image[3]!] }, [x]))
          const all = traced(
            (x, w, p) => {
              const unfolded = ops.unfold(size, of.stride)(x!)
              const repeated = ops.broadcastTo(windows)(ops.expandDims(2)(ops.expandDims(2)(p!)))
              return [
                ops.sum([2, 3])(unfolded),
                ops.sum([3, 4])(unfolded),
                ops.reduceMax([2, 5])(unfolded),
                ops.reduceMax([2, 3])(unfolded),
                folded(w!),
                folded(repeated)
              ]
            },
            [image, windows, [...windows.slice(0, 2), ...windows.slice(4)]]
          )
          await graphAgrees(opened, all, of.seed)
        }
      ),
      { numRuns: runs(40) }
    ))

  it('are added up by one operator', () => {
    const fold = (x: Tensor): Tensor =>
      apply({ tag: 'fold', kernel: [3, 3], stride: [2, 2], size: [8, 8] }, [x])
    const { operators } = traced((x) => ops.slice([0, 1, 1], [4, 7, 8])(fold(x!)), [[4, 3, 3, 3, 3]])
    expect(operators).toMatchObject({ ConvTranspose: 1 })
    expect(operators.Slice ?? operators.Pad).toBeUndefined()
  })
})
