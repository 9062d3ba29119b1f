import { expect } from 'vitest'
import type { Numbers } from '../numbers.js'

export const numbers: readonly Numbers[] = [
  {
    says: 'that the products of the gradients sum to the kernel',
    figure: 'features',
    query: 'x=1.2,-0.4&other=0.3,0.9&seed=5',
    hold: (fact) => expect(fact('sum')).toBeCloseTo(fact('theta'), 9)
  },
  {
    says: 'the squared norm of the gradient where both inputs are one',
    figure: 'features',
    query: 'x=1,0.5&other=1,0.5',
    hold: (fact) => {
      expect(fact('theta')).toBeCloseTo(fact('own'), 9)
      expect(fact('cosine')).toBeCloseTo(1, 9)
    }
  },
  {
    says: 'no kernel of opposite inputs',
    figure: 'features',
    query: 'x=1,0.5&other=-1,-0.5',
    hold: (fact) => expect(fact('theta')).toBe(0)
  },
  {
    says: 'a kernel that grows with the length of an input',
    figure: 'features',
    query: 'x=1,0.5&other=2,1',
    hold: (fact) => expect(fact('theta')).toBeCloseTo(2 * fact('own'), 9)
  },
  {
    says: 'a small step as the kernel predicts it',
    figure: 'step',
    query: 'rate=0.01',
    hold: (fact) => {
      expect(fact('theta')).toBeGreaterThan(0.1)
      expect(fact('actual') / fact('predicted')).toBeCloseTo(1, 1)
      expect(fact('actual')).not.toBe(fact('predicted'))
    }
  }
]
