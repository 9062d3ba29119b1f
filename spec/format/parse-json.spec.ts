import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { parseJson } from '../../lib/format/parse-json.js'

const parse = (text: string | Uint8Array): E.Either<unknown, unknown> => parseJson('JSON', text)

describe('parseJson', () => {
  it('reads what JSON.parse reads', () =>
    fc.assert(
      fc.property(fc.json({ maxDepth: 10 }), (text) => {
        expect(parse(text)).toEqual(E.right(JSON.parse(text)))
        expect(parse(new TextEncoder().encode(text))).toEqual(E.right(JSON.parse(text)))
      })
    ))

  it('refuses any other text, and does not throw', () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Array.from('{}[]",:\\a1 '))), (letters) => {
        const text = letters.join('')
        const read = parse(text)
        if (E.isRight(read)) expect(read.right).toEqual(JSON.parse(text))
      })
    ))

  it('refuses what nests deeper than 64 levels, and a name twice', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    expect(E.isRight(parse(nested(64)))).toBe(true)
    expect(parse(nested(65))).toMatchObject({ left: { expected: 'JSON of at most 64 levels' } })
    const twice = E.left({ expected: 'every name once', received: 'a name twice', where: 'a' })
    expect(parse('{"a":1,"b":{"a":2},"\\u0061":3}')).toEqual(twice)
    expect(parse('{"a" :1,"a" \n\t\r :2}')).toEqual(twice)
    expect(parse('{"b":[{"a":1,"c":["a", "a"],"a":2}]}')).toEqual(twice)
    expect(E.isRight(parse('[{"a":1},{"a":2,"b":{"a":3}}]'))).toBe(true)
  })
})
