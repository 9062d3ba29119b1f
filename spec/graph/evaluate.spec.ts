import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { fromNested, scalar, zeros } from '../../lib/core/ndarray.js'
import { evaluate } from '../../lib/graph/evaluate.js'
import { ops } from '../../lib/graph/ops/index.js'
import type { Tensor } from '../../lib/graph/tensor.js'

describe('evaluate', () => {
  it('refuses what is no array', () =>
    expect(evaluate((x: Tensor) => x)(new Date() as never)).toMatchObject({ left: { _tag: 'TreeError' } }))
  it('gives trees back as trees', () => {
    const f = (p: { w: Tensor; b: readonly Tensor[] }) => ({ sum: ops.add(p.b[0]!)(p.w), one: 1 })
    const result = evaluate(f)({ w: fromNested([1, 2]), b: [scalar(1)] })
    expect(result).toMatchObject({ right: { sum: { shape: [2] }, one: { shape: [] } } })
  })
  it('keeps NaN and infinities as IEEE has them', () => {
    const out = evaluate((x: Tensor) => [ops.log(x), ops.div(x)(ops.ones([2]))])(zeros([2]))
    expect(E.isRight(out) && out.right.map(({ data }) => data[0])).toEqual([-Infinity, Infinity])
  })
})
