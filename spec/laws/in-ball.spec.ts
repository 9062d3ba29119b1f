import { describe, expect, it } from 'vitest'
import { of } from '../../lib/core/ndarray.js'
import * as laws from '../../lib/laws/index.js'

describe('sets', () => {
  const centre = of([2], Float32Array.from([0.5, 0.3]))
  it('allow two units in the last place and no more', () => {
    const edge = Math.fround(0.5 + 0.1)
    const at = (ulps: number) =>
      laws.inBall(centre, 0.1)(of([2], Float32Array.from([edge + ulps * 2 ** -24, 0.3])))
    expect(at(1).inside).toBe(true)
    expect(at(8)).toMatchObject({ inside: false, at: 0 })
  })
  it('do not take NaN in', () => {
    expect(laws.inBall(centre, 0.1)(of([2], [NaN, 0.3])).inside).toBe(false)
    expect(laws.inBox(0, 1)(of([2], [0.5, NaN])).inside).toBe(false)
  })
  it('an ε of 0 allows the centre only', () => {
    expect(laws.inBall(centre, 0)(centre)).toEqual({ inside: true, worst: 0, at: -1 })
    expect(laws.inBall(centre, 0)(of([2], [0.5, 0.301])).inside).toBe(false)
  })
  it('a box has both sides', () => {
    expect(laws.inBox(0, 1)(of([2], [0, 1])).inside).toBe(true)
    expect(laws.inBox(0, 1)(of([2], [-1e-6, 1])).inside).toBe(false)
    expect(laws.inBox(0, 1)(of([2], [0, 1.000001])).inside).toBe(false)
  })
})
