import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

const slopeAt = (x: number): number => Math.sin(x) + x * Math.cos(x)

export const numbers: readonly Numbers[] = [
  {
    says: 'a column of the Jacobian a run, from five linear nodes',
    figure: 'forward',
    query: '',
    hold: (fact) => {
      expect(fact('value')).toBeCloseTo(Math.sin(1) + 2 * Math.sin(2), 9)
      expect(fact('forward1')).toBeCloseTo(slopeAt(1), 9)
      expect(fact('forward2')).toBeCloseTo(slopeAt(2), 9)
      expect(fact('linear')).toBe(5)
    }
  },
  {
    says: 'the whole gradient from one run, from five linear nodes, and what remains of it',
    figure: 'reverse',
    query: '',
    hold: (fact) => {
      expect(fact('gradient1')).toBeCloseTo(slopeAt(1), 9)
      expect(fact('gradient2')).toBeCloseTo(slopeAt(2), 9)
      expect(fact('linear')).toBe(5)
      expect(fact('optimised')).toBeLessThan(fact('traced'))
    }
  },
  {
    says: 'the gradient of an expression that someone wrote',
    figure: 'reverse',
    query: `f=${encodeURIComponent('ops.sum()(ops.pow(3)(x))')}&x1=0.5&x2=-2`,
    hold: (fact) => {
      expect(fact('gradient1')).toBeCloseTo(0.75, 9)
      expect(fact('gradient2')).toBeCloseTo(12, 9)
    }
  },
  {
    says: 'quotients with half of the digits, and with two thirds',
    figure: 'differences',
    query: '',
    hold: (fact) => {
      expect(fact('bestOneSided')).toBeLessThan(1e-7)
      expect(fact('bestOneSided')).toBeGreaterThan(1e-11)
      expect(fact('bestStep')).toBeLessThan(1e-6)
      expect(fact('bestCentral')).toBeLessThan(fact('bestOneSided'))
      expect(fact('smallest')).toBeGreaterThan(1e-6)
    }
  }
]
