import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'five operations fused into one call',
    figure: 'kernels',
    query: '',
    hold: (fact) => {
      expect(fact('calls')).toBe(1)
      expect(fact('buffers')).toBe(3)
      expect(fact('peak')).toBe(3 * 4 * 64 * 64)
    }
  },
  {
    says: 'a softmax that takes five calls',
    figure: 'kernels',
    query: 'f=softmax',
    hold: (fact) => expect(fact('calls')).toBe(5)
  },
  ...['rounded', 'webasm', 'cpu'].map((engine) => ({
    says: `about seven digits, ${engine}`,
    figure: 'run',
    query: `engine=${engine}`,
    hold: (fact: Parameters<Numbers['hold']>[0]) => {
      expect(fact('error')).toBeGreaterThan(0)
      expect(fact('error')).toBeLessThan(1e-6)
      expect(fact('digits')).toBeGreaterThan(6)
      expect(fact('digits')).toBeLessThan(8)
    }
  }))
]
