import { describe, expect, it } from 'vitest'
import { nn, ops, spec, type Tensor } from 'tangentflow'
import { apply } from '../../lib/graph/tensor.js'
import { topological } from '../../lib/graph/graph.js'
import { explained } from '../support/explained.js'

describe('windows side by side', () => {
  it('are a reshape, and a convolution over them a plain contraction', () => {
    const patches = nn.conv2d(4, 2, { stride: 2, bias: false })
    const { optimised } = explained(
      (w: Tensor, x: Tensor) => patches.apply({ w })(x),
      [spec([4, 3, 2, 2]), spec([2, 3, 6, 7])]
    )
    const tags = topological(optimised.outputs).map(({ op }) => op.tag)
    expect(tags).not.toContain('unfold')
    expect(tags.filter((tag) => tag === 'slice').length).toBe(1)
  })

  it('are put back together by a reshape, with a border where they leave one', () => {
    for (const [width, pads] of [
      [6, 0],
      [7, 1]
    ] as const) {
      const { optimised } = explained(
        (x: Tensor) => apply({ tag: 'fold', size: [6, width], kernel: [2, 2], stride: [2, 2] }, [x]),
        [spec([2, 3, 2, 2, 3, 3])]
      )
      const tags = topological(optimised.outputs).map(({ op }) => op.tag)
      expect(tags).not.toContain('fold')
      expect(tags.filter((tag) => tag === 'pad')).toHaveLength(pads)
    }
  })

  it('are pooled without a permutation', () => {
    const { optimised } = explained(
      (x: Tensor) => ops.reduceMax([2, 3])(ops.unfold([2, 2], [2, 2])(x)),
      [spec([2, 3, 6, 6])]
    )
    expect(topological(optimised.outputs).map(({ op }) => op.tag)).toEqual(['input', 'reshape', 'reduceMax'])
  })
})
