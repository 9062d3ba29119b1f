import { describe, expect, it } from 'vitest'
import { fromNested, scalar, toNumber } from '../../../lib/core/ndarray.js'
import { grad, jvp } from '../../../lib/diff/index.js'
import { evaluateOn } from '../../../lib/graph/evaluate.js'
import { ops } from '../../../lib/graph/ops/index.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { slopeAt } from '../../support/evaluated.js'

describe('the derivative of a loop', () => {
  /** x³ from 1 · x · x · x, with nothing beside the carry. */
  const cube = (x: Tensor): Tensor =>
    ops.scan((y: Tensor) => [ops.mul(x)(y), []] as const, 3)(ops.fill(1, []))[0]

  it('is that of a power where the carry is all it gives, at every order and in both modes', () => {
    expect(slopeAt(cube, 2)).toBe(12)
    expect(slopeAt((x) => grad(cube)(x), 2)).toBe(12)
    expect(slopeAt((x) => grad((y: Tensor) => grad(cube)(y))(x), 2)).toBe(6)
    expect(toNumber(evaluateOn((x: Tensor) => jvp(cube)(x, ops.fill(1, []))[1])(scalar(2)))).toBe(12)
  })

  it('is that of each step where there is no carry', () => {
    const squares = (xs: Tensor): Tensor =>
      ops.sum()(
        ops.scan((none: readonly Tensor[], x: Tensor) => [none, ops.square(x)] as const, 3)([], xs)[1]
      )
    expect(Array.from(evaluateOn(grad(squares))(fromNested([1, 2, 3])).data)).toEqual([2, 4, 6])
  })

  it('is 0 for what the loop does not depend on, and whole for what only one of its results does', () => {
    const both = (x: Tensor): readonly [Tensor, Tensor] => {
      const step = (y: Tensor) => [ops.scale(2)(y), ops.mul(x)(x)] as const
      return ops.scan(step, 2)(ops.fill(1, []))
    }
    expect(slopeAt((x) => both(x)[0], 3)).toBe(0)
    expect(slopeAt((x) => ops.sum()(both(x)[1]), 3)).toBe(12)
  })

  it('reads views of its values as they were at each step', () => {
    // y ← x ⊙ y ⊙ yᵀ, y seen as a matrix
    const f = (x: Tensor): Tensor => {
      const turned = (y: Tensor): Tensor => ops.reshape([4])(ops.transpose()(ops.reshape([2, 2])(y)))
      return ops.sum()(ops.scan((y: Tensor) => [ops.mul(ops.mul(turned(y))(y))(x), []] as const, 2)(x)[0])
    }
    const at = [1.5, -0.5, 2, 0.25]
    const value = (x: readonly number[]): number => toNumber(evaluateOn(f)(fromNested([...x])))
    const found = Array.from(evaluateOn(grad(f))(fromNested(at)).data)
    found.forEach((slope, i) => {
      const moved = (by: number): number => value(at.map((x, k) => (k === i ? x + by : x)))
      expect(slope).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 4)
    })
  })
})
