import { describe, expect, it } from 'vitest'
import { ops, spec, type Tensor } from 'tangentflow'
import { vmapIsLoop } from 'tangentflow/laws'

// A law that cannot fail shows nothing: it is given something broken here.
describe('vmapIsLoop', () => {
  it('finds a function that looks beyond its example', () => {
    let calls = 0
    const drifting = (x: Tensor): Tensor => ops.scale(++calls)(x)
    expect(() => vmapIsLoop(drifting, [spec([2])], { runs: 5 })).toThrow('off by')
  })
})
