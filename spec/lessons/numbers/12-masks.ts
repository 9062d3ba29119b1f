import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'the restricted kernel of five weights, which says how training moves',
    figure: 'weights',
    query: '',
    hold: (fact) => {
      expect(fact('theta11')).toBeCloseTo(2, 9)
      expect(fact('theta12')).toBeCloseTo(1 / 2, 9)
      expect(fact('theta22')).toBeCloseTo(1 / 2, 9)
      expect(fact('moved')).toBeCloseTo(fact('predicted'), 4)
    }
  },
  {
    says: 'the ambient kernel, which does not',
    figure: 'weights',
    query: 'form=ambient',
    hold: (fact) => {
      expect(fact('theta11')).toBeCloseTo(9 / 4, 9)
      expect(Math.abs(fact('moved') - fact('predicted'))).toBeGreaterThan(0.05)
    }
  },
  {
    says: 'no rank without output weights',
    figure: 'weights',
    query: 'kept=1,1,1,1,0,0',
    hold: (fact) => expect(fact('rank')).toBe(0)
  },
  {
    says: 'a first layer that magnitudes empty',
    figure: 'layers',
    query: '',
    hold: (fact) => {
      expect(fact('first')).toBe(0)
      expect(fact('empty')).toBe(1)
      expect(fact('rank')).toBeCloseTo(1, 2)
      expect(fact('distance')).toBeGreaterThan(0.85)
    }
  },
  {
    says: 'all of them at equal densities',
    figure: 'layers',
    query: 'layers=uniform&density=0.03',
    hold: (fact) => {
      expect(fact('empty')).toBe(0)
      expect(fact('first')).toBeCloseTo(fact('last'), 1)
    }
  },
  {
    says: 'a nearer kernel for the score that asks for it',
    figure: 'layers',
    query: 'score=kernelTrace&density=0.1',
    hold: (fact) => expect(fact('distance')).toBeLessThan(0.7)
  }
]
