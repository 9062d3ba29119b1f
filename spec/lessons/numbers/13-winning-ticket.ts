import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'a search that lowers the kernel’s distance by 30 % and more',
    figure: 'search',
    query: '',
    hold: (fact) => {
      expect(fact('fall')).toBeGreaterThan(0.3)
      expect(fact('after')).toBeLessThan(fact('before'))
    }
  },
  {
    says: 'six networks, of which a dense one with other batches is nearest',
    figure: 'training',
    query: '',
    hold: (fact) => {
      expect(fact('trained')).toBe(6)
      for (const mask of ['ticket', 'score', 'random'])
        expect(fact('orderApart')).toBeLessThan(fact(`${mask}Apart`))
      expect(fact('ticketRobust')).toBeGreaterThan(fact('randomRobust'))
    }
  }
]
