import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import * as codec from '../../lib/format/codec.js'
import { decode } from '../../lib/format/decode.js'

const shapes = codec.tagged<number>()({
  square: codec.variant('square', { side: codec.atLeast(0) }, {}, ({ side }) => side ** 2),
  box: codec.variant(
    'box',
    { width: t.number },
    { height: t.number },
    ({ width, height = 1 }) => width * height
  )
})
const areaOf = (value: unknown): unknown =>
  E.match(
    (error) => error,
    (setting: t.TypeOf<typeof shapes.codec>): unknown => shapes.build(setting)
  )(decode('read', shapes.codec)(value))

describe('tagged', () => {
  it('decodes by the kind, and builds by the row of the kind', () => {
    expect(shapes.kinds).toEqual(['square', 'box'])
    expect(areaOf({ kind: 'square', side: 3 })).toBe(9)
    expect(areaOf({ kind: 'box', width: 3 })).toBe(3)
    expect(areaOf({ kind: 'box', width: 3, height: 2 })).toBe(6)
    expect(shapes.codec.is({ kind: 'box', side: 3 })).toBe(false)
  })

  it.each([
    [{ kind: 'disc' }, 'kind', 'one of square, box'],
    [{ kind: 'square', side: -1 }, 'side', 'a finite number of at least 0'],
    [
      { kind: 'square', side: 1, height: 2 },
      'height',
      'no setting of this name; those there are: kind, side'
    ],
    ['square', undefined, 'a record whose kind is one of square, box']
  ])('names what is wrong in %j', (value, where, expected) =>
    expect(areaOf(value)).toMatchObject({
      _tag: 'ConfigError',
      expected,
      ...(where === undefined ? {} : { where })
    })
  )
})

describe('some', () => {
  it('is a list of at least one', () => {
    expect(E.isRight(codec.some(t.number).decode([1]))).toBe(true)
    expect(E.isLeft(codec.some(t.number).decode([]))).toBe(true)
  })
})
