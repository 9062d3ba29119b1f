import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'the kernel, its eigenvalues and the largest stable rate of the worked network',
    figure: 'kernel',
    query: '',
    hold: (fact) => {
      expect(fact('theta11')).toBeCloseTo(17 / 4, 9)
      expect(fact('theta12')).toBeCloseTo(1, 9)
      expect(fact('theta22')).toBeCloseTo(1 / 2, 9)
      expect(fact('lambda1')).toBeCloseTo(9 / 2, 9)
      expect(fact('lambda2')).toBeCloseTo(1 / 4, 9)
      expect(fact('stable')).toBeCloseTo(8 / 9, 9)
    }
  },
  {
    says: 'a unit that is switched on at the second input',
    figure: 'kernel',
    query: 'w21=1',
    hold: (fact) => expect(fact('theta22')).toBeCloseTo(1, 9)
  },
  {
    says: 'descent that shrinks both modes below the largest stable rate',
    figure: 'descent',
    query: 'rate=0.88',
    hold: (fact) => {
      expect(fact('factor1')).toBeCloseTo(-0.98, 9)
      expect(fact('growth')).toBeCloseTo(0.98 ** 30, 6)
    }
  },
  {
    says: 'descent that diverges above it',
    figure: 'descent',
    query: 'rate=0.9',
    hold: (fact) => {
      expect(fact('rate')).toBeGreaterThan(fact('stable'))
      expect(fact('growth')).toBeCloseTo(1.025 ** 30, 6)
    }
  }
]
