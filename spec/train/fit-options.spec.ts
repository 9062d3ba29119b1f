import { describe, expect, it } from 'vitest'
import { train } from 'tangentflow'

const at = (...scores: readonly number[]): readonly train.Validation[] =>
  scores.map((score, i) => ({ step: i + 1, epoch: i + 1, score }))

describe('patience', () => {
  it('takes no score that is no number for the best', () => {
    expect(train.patience(2)(at(NaN, 0.5, 0.6, 0.7))).toBe(false)
    expect(train.patience(2)(at(NaN, 0.5, 0.4, NaN))).toBe(true)
    expect(train.patience(2)(at(NaN, NaN))).toBe(false)
    expect(train.patience(2)(at(NaN, NaN, NaN))).toBe(true)
  })

  it('counts from the first of equal scores', () => {
    expect(train.patience(2)(at(0.5, 0.5))).toBe(false)
    expect(train.patience(2)(at(0.5, 0.5, 0.5))).toBe(true)
  })
})
