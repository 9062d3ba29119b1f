import { describe, expect, it } from 'vitest'
import { ticks } from '../../lib/report/svg.js'

describe('ticks', () => {
  it('have round steps', () => {
    expect(ticks(0, 0.52, 5)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    expect(ticks(3, 60, 6)).toEqual([10, 20, 30, 40, 50, 60])
  })
})
