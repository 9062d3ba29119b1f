import { describe, expect, it } from 'vitest'
import { encodeJson } from 'tangentflow/experiment'

const textOf = (value: object): string => new TextDecoder().decode(encodeJson(value))

describe('encodeJson', () => {
  it('joins rows of numbers and leaves texts as they are', () => {
    const value = {
      row: [1, 2.5, -3e-9],
      text: 'inputs in [0, 1]',
      quoted: 'a "[1, 2]"',
      words: [NaN, -Infinity]
    }
    expect(textOf(value)).toContain('[1,2.5,-3e-9]')
    expect(JSON.parse(textOf(value))).toEqual({ ...value, words: ['NaN', '-Infinity'] })
  })
})
