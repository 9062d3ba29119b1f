import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'the operations of both orders, as they are worked out by hand',
    figure: 'orders',
    query: '',
    hold: (fact) => {
      // N = O = 4, W = 32: 2 N O W² + 2 N² O² W², and 2 N² W + 2 N² O² W + N² O²
      expect(fact('first')).toBe(32_768 + 524_288)
      expect(fact('path')).toBe(1024 + 16_384 + 256)
      expect(fact('ratio')).toBeGreaterThan(31)
    }
  },
  {
    says: 'a ratio that grows with the width',
    figure: 'orders',
    query: 'inputs=8&outputs=16&width=128',
    hold: (fact) => {
      expect(fact('first')).toBe(2 * 8 * 16 * 128 ** 2 + 2 * 8 ** 2 * 16 ** 2 * 128 ** 2)
      expect(fact('path')).toBe(2 * 8 ** 2 * 128 + 2 * 8 ** 2 * 16 ** 2 * 128 + 8 ** 2 * 16 ** 2)
      expect(fact('ratio')).toBeGreaterThan(120)
      expect(fact('firstBytes')).toBeGreaterThan(40 * fact('pathBytes'))
    }
  },
  {
    says: 'three methods in the order of their predictions',
    figure: 'methods',
    query: '',
    hold: (fact) => {
      expect(fact('contracted')).toBeLessThan(fact('vectorProduct'))
      expect(fact('vectorProduct')).toBeLessThan(fact('jacobian'))
      expect(fact('ratio')).toBeGreaterThan(5)
      expect(fact('chosen')).toBe(0)
    }
  },
  {
    says: 'a vector product that is cheaper where there are as many outputs as units',
    figure: 'methods',
    query: 'outputs=16&width=16',
    hold: (fact) => {
      expect(fact('vectorProduct')).toBeLessThan(fact('contracted'))
      expect(fact('chosen')).toBe(1)
    }
  }
]
