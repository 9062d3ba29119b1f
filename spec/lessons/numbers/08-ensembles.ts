import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'bands that close at the data and differ away from them',
    figure: 'theories',
    query: '',
    hold: (fact) => {
      expect(fact('atData')).toBeLessThan(0.02)
      expect(fact('farNtk')).toBeGreaterThan(1.2 * fact('farBayes'))
      expect(fact('prior')).toBeGreaterThan(1)
    }
  },
  {
    says: 'the same bands for noisy data',
    figure: 'theories',
    query: 'noise=0.5',
    hold: (fact) => expect(fact('atData')).toBeLessThan(0.02)
  },
  {
    says: 'trained networks whose band is that of the NTK',
    figure: 'ensemble',
    query: 'width=128&count=40',
    hold: (fact) => {
      expect(fact('count')).toBe(40)
      expect(fact('toNtk')).toBeLessThan(fact('toBayes'))
      expect(fact('toNtk')).toBeLessThan(0.25)
    }
  }
]
