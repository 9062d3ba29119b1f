import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'the arc-cosine values of one hidden layer at 60 degrees',
    figure: 'depth',
    query: '',
    hold: (fact) => {
      expect(fact('theta60')).toBeCloseTo(0.942331, 6)
      expect(fact('sigma60')).toBeCloseTo(0.608998, 6)
      expect(fact('theta0')).toBeCloseTo(2, 9)
      expect(fact('chi')).toBeCloseTo(1, 9)
    }
  },
  {
    says: 'that deep ReLU networks cannot tell inputs apart',
    figure: 'depth',
    query: 'depth=16',
    hold: (fact) => {
      expect(fact('correlation')).toBeGreaterThan(0.93)
      expect(fact('chi')).toBeCloseTo(1, 6)
    }
  },
  {
    says: 'the slope σ_w²/2 of ReLU without biases',
    figure: 'depth',
    query: 'variances=1,0&depth=4',
    hold: (fact) => expect(fact('chi')).toBeCloseTo(0.5, 9)
  },
  {
    says: 'order of erf with small weights',
    figure: 'depth',
    query: 'activation=erf&variances=0.5,0.05&depth=12',
    hold: (fact) => {
      expect(fact('chi')).toBeLessThan(1)
      expect(fact('correlation')).toBeGreaterThan(0.999)
    }
  },
  {
    says: 'chaos of erf with large weights',
    figure: 'depth',
    query: 'activation=erf&variances=4,0&depth=12',
    hold: (fact) => {
      expect(fact('chi')).toBeGreaterThan(1.05)
      expect(fact('correlation')).toBeLessThan(0.9)
    }
  }
]
