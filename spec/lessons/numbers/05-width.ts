import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'the slope of a line that is drawn',
    figure: 'sketch',
    query: 'drawn=-0.2,-1.1',
    // −0.9 over log₁₀ 64
    hold: (fact) => expect(fact('slope')).toBeCloseTo(-0.498, 3)
  },
  {
    says: 'an error that falls as one over the root of the width',
    figure: 'draws',
    query: 'draws=100',
    hold: (fact) => {
      expect(fact('slope')).toBeGreaterThan(-0.6)
      expect(fact('slope')).toBeLessThan(-0.4)
    }
  },
  {
    says: 'the arc-cosine value at 60 degrees as the limit, and a mean near it',
    figure: 'draws',
    query: 'width=512&draws=50',
    hold: (fact) => {
      expect(fact('limit')).toBeCloseTo(0.942331, 6)
      expect(Math.abs(fact('mean') - fact('limit'))).toBeLessThan(0.05)
    }
  }
]
