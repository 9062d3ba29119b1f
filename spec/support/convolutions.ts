import * as fc from 'fast-check'
import { ops, type Tensor } from 'tangentflow'
import type { ConvPlacement } from '../../lib/graph/ops/conv2d.js'

type Two = readonly [number, number]

/** Shapes and places of a convolution with everything that it can have. */
export interface ConvolutionCase {
  readonly x: readonly [number, number, number, number]
  readonly w: readonly [number, number, number, number]
  readonly stride: Two
  readonly dilation: Two
  readonly padding: Two
  readonly groups: number
  readonly seed: number
}

const two = (min: number, max: number): fc.Arbitrary<Two> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }))

export const convolutions: fc.Arbitrary<ConvolutionCase> = fc
  .record({
    n: fc.integer({ min: 1, max: 2 }),
    groups: fc.integer({ min: 1, max: 3 }),
    inEach: fc.integer({ min: 1, max: 2 }),
    outEach: fc.integer({ min: 1, max: 2 }),
    kernel: two(1, 3),
    stride: two(1, 2),
    dilation: two(1, 3),
    padding: two(0, 2),
    more: two(0, 3),
    seed: fc.nat({ max: 1e6 })
  })
  .map(({ n, groups, inEach, outEach, kernel, stride, dilation, padding, more, seed }) => {
    const side = (axis: 0 | 1): number =>
      Math.max(1, (kernel[axis] - 1) * dilation[axis] + 1 - 2 * padding[axis]) + more[axis]
    return {
      x: [n, groups * inEach, side(0), side(1)],
      w: [groups * outEach, inEach, ...kernel],
      stride,
      dilation,
      padding,
      groups,
      seed
    }
  })

export const placementOf = ({ stride, dilation, padding, groups }: ConvolutionCase): ConvPlacement => ({
  stride,
  dilation,
  padding,
  groups
})

export const convolved =
  (of: ConvolutionCase) =>
  (x: Tensor, w: Tensor): Tensor =>
    ops.conv2d(w, placementOf(of))(x)
