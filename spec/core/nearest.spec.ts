import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectOneOf, nearest } from '../../lib/core/nearest.js'

const words = ['--seed', '--seeds', '--epsilon', '--epochs', '--engine']

describe('nearest', () => {
  it('is each word itself, and the word of which one letter of many is wrong', () =>
    fc.assert(
      fc.property(fc.constantFrom(...words), fc.nat(), (word, at) => {
        expect(nearest(words, word)).toBe(word)
        const i = at % word.length
        // no word of the list is one letter away from another but --seed and --seeds
        if (word.startsWith('--seed')) return
        expect(nearest(words, `${word.slice(0, i)}?${word.slice(i + 1)}`)).toBe(word)
        expect(nearest(words, word.slice(0, i) + word.slice(i + 1))).toBe(word)
        expect(nearest(words, `${word.slice(0, i)}?${word.slice(i)}`)).toBe(word)
      })
    ))

  it.each([
    ['--eng', '--engine'],
    ['--epsilom', '--epsilon'],
    ['--sed', '--seed'],
    ['--hypotenuse', undefined],
    ['', undefined]
  ])('of %s is %s', (received, meant) => expect(nearest(words, received)).toBe(meant))

  it('is said beside all that is there', () => {
    expect(expectOneOf('a word', ['check', 'fetch'], 'chek')).toBe('a word, perhaps check: check, fetch')
    expect(expectOneOf('a word', ['check', 'fetch'], 'x')).toBe('a word: check, fetch')
  })
})
