import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'a kernel that stays at a large scale, and the error that it predicts',
    figure: 'training',
    query: 'scale=16&width=64',
    hold: (fact) => {
      expect(fact('drift')).toBeLessThan(0.02)
      expect(fact('test')).toBeCloseTo(fact('predicted'), 1)
      expect(Math.abs(fact('aligned') - fact('alignedBefore'))).toBeLessThan(0.01)
    }
  },
  {
    says: 'features at a small scale, and a smaller error on new inputs',
    figure: 'training',
    query: 'scale=0.1&width=64',
    hold: (fact) => {
      expect(fact('drift')).toBeGreaterThan(0.3)
      expect(fact('aligned')).toBeGreaterThan(2 * fact('alignedBefore'))
      expect(fact('test')).toBeLessThan(0.85 * fact('predicted'))
    }
  },
  {
    says: 'a movement of the kernel about as 1 / α',
    figure: 'law',
    query: 'width=64',
    hold: (fact) => {
      expect(fact('slope')).toBeLessThan(-0.6)
      expect(fact('slope')).toBeGreaterThan(-1.4)
    }
  }
]
