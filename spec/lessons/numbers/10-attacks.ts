import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'a larger loss for PGD than for FGSM',
    figure: 'path',
    query: '',
    hold: (fact) => {
      expect(fact('pgd')).toBeGreaterThan(fact('fgsm') + 0.5)
      expect(fact('fgsm')).toBeGreaterThan(fact('clean'))
    }
  },
  {
    says: 'FGSM that fails where PGD succeeds',
    figure: 'path',
    query: 'epsilon=0.16',
    hold: (fact) => {
      expect(fact('fgsm')).toBeLessThan(Math.LN2)
      expect(fact('pgd')).toBeGreaterThan(Math.LN2)
    }
  },
  {
    says: 'several hills',
    figure: 'restarts',
    query: '',
    hold: (fact) => {
      expect(fact('best')).toBeGreaterThan(fact('worst') + 0.5)
      expect(fact('near')).toBeGreaterThan(1)
      expect(fact('near')).toBeLessThan(8)
    }
  },
  {
    says: 'fewer than a quarter of the digits under PGD',
    figure: 'digits',
    query: '',
    hold: (fact) => {
      expect(fact('cleanShare')).toBeGreaterThan(0.9)
      expect(fact('pgdShare')).toBeLessThan(0.25)
      expect(fact('pgdShare')).toBeLessThanOrEqual(fact('fgsmShare'))
    }
  },
  {
    says: 'no attack in a ball of radius 0',
    figure: 'digits',
    query: 'pixel=0',
    hold: (fact) => expect(fact('pgdShare')).toBe(fact('cleanShare'))
  }
]
