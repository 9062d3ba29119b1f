import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'a mixed kernel that is neither the clean one nor symmetric',
    figure: 'kernels',
    query: '',
    hold: (fact) => {
      expect(fact('distance')).toBeGreaterThan(0.1)
      expect(fact('asymmetry')).toBeGreaterThan(0.1)
    }
  },
  {
    says: 'the kernel of the examples without an attack',
    figure: 'kernels',
    query: 'epsilon=0',
    hold: (fact) => {
      expect(fact('distance')).toBe(0)
      expect(fact('asymmetry')).toBeLessThan(1e-9)
      expect(fact('mixed')).toBe(fact('first'))
    }
  },
  {
    says: 'adversarial training as the mixed kernel predicts it',
    figure: 'dynamics',
    query: '',
    hold: (fact) => {
      expect(fact('mixedError')).toBeLessThan(0.05)
      expect(fact('cleanError')).toBeGreaterThan(0.3)
    }
  },
  {
    says: 'a better prediction of smaller steps',
    figure: 'dynamics',
    query: 'rate=0.1&width=256',
    hold: (fact) => expect(fact('mixedError')).toBeLessThan(0.01)
  },
  {
    says: 'natural training as both predict it',
    figure: 'dynamics',
    query: 'training=natural',
    hold: (fact) => {
      expect(fact('mixedError')).toBeLessThan(0.1)
      expect(fact('cleanError')).toBeLessThan(0.1)
    }
  }
]
