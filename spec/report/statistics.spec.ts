import { describe, expect, it } from 'vitest'
import { summarise } from '../../lib/report/statistics.js'

describe('summarise', () => {
  it('takes the deviation with n − 1, and none of a single value', () => {
    expect(summarise([1, 2, 3])).toEqual({ mean: 2, sd: 1 })
    expect(summarise([4])).toEqual({ mean: 4, sd: undefined })
  })
})
