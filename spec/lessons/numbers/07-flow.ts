import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'what is drawn of two modes',
    figure: 'sketch',
    query: 'drawn=-2.2,-0.1',
    hold: (fact) => {
      expect(fact('drawnFirst')).toBeCloseTo(10 ** -2.2, 9)
      expect(fact('times')).toBeCloseTo(22, 9)
    }
  },
  {
    says: 'what of these modes is left',
    figure: 'flow',
    query: 'rate=0.2&time=10',
    hold: (fact) => {
      expect(fact('first')).toBeCloseTo(0.6 ** 10, 6)
      // λ₄ is about λ₁/16
      expect(fact('last')).toBeGreaterThan(0.74)
      expect(fact('last')).toBeLessThan(0.81)
    }
  },
  {
    says: 'the linearised network trained as its closed form says',
    figure: 'flow',
    query: 'rate=0.5&time=100&width=32',
    hold: (fact) => expect(fact('linearGap')).toBeLessThan(1e-8)
  },
  {
    says: 'the first mode decaying by 1 − 2 · 0.1 a step',
    figure: 'flow',
    query: 'rate=0.1&time=20&width=32',
    hold: (fact) => expect(fact('first')).toBeCloseTo(0.8 ** 20, 6)
  },
  {
    says: 'a last mode that is slower than the first',
    figure: 'flow',
    query: 'rate=0.1&time=20&width=32',
    hold: (fact) => expect(fact('last')).toBeGreaterThan(2 * fact('first'))
  },
  {
    says: 'no divergence below 2N/λ₁',
    figure: 'flow',
    query: 'rate=0.95&time=50&width=32',
    hold: (fact) => {
      expect(fact('rate')).toBeLessThan(fact('stable'))
      expect(fact('first')).toBeLessThan(0.01)
    }
  },
  {
    says: 'divergence above 2N/λ₁',
    figure: 'flow',
    query: 'rate=1.05&time=50&width=32',
    hold: (fact) => {
      expect(fact('rate')).toBeGreaterThan(fact('stable'))
      expect(fact('first')).toBeGreaterThan(100)
    }
  },
  {
    says: 'a wide network near its closed form',
    figure: 'flow',
    query: 'rate=0.35&time=50&width=512',
    hold: (fact) => expect(fact('gap')).toBeLessThan(0.15)
  }
]
