import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { codec, decode } from 'tangentflow/io'

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

const Config = t.type({
  seed: codec.whole(0),
  density: codec.share,
  attack: t.type({ epsilon: codec.atLeast(0), norm: codec.oneOf(['linf', 'l2']) })
})
const good = { seed: 1, density: 1, attack: { epsilon: 0, norm: 'linf' } }
const refusal = (value: unknown): unknown => {
  const result = decode('read', Config)(value)
  return E.isLeft(result) ? result.left : result.right
}

describe('decode', () => {
  it('keeps what is right', () => expect(refusal(good)).toEqual(good))

  it.each([
    [{ ...good, seed: Number.NaN }, 'a whole number of at least 0', 'NaN', 'seed'],
    [{ ...good, seed: 2 ** 53 }, 'a whole number of at least 0', '9007199254740992', 'seed'],
    [{ ...good, density: 0 }, 'a number in (0, 1]', '0', 'density'],
    [{ ...good, density: 1.01 }, 'a number in (0, 1]', '1.01', 'density'],
    [
      { ...good, attack: { epsilon: Number.POSITIVE_INFINITY, norm: 'l2' } },
      'a finite number of at least 0',
      'Infinity',
      'attack.epsilon'
    ],
    [{ ...good, attack: { epsilon: 1, norm: 'l1' } }, 'one of linf, l2', '"l1"', 'attack.norm'],
    [{ ...good, seed: undefined }, 'a whole number of at least 0', 'nothing', 'seed']
  ])('names path, expectation and what came: %j', (value, expected, received, where) =>
    expect(refusal(value)).toEqual({ _tag: 'ConfigError', operation: 'read', expected, received, where })
  )

  it('counts further wrong fields and cuts long values', () => {
    expect(refusal({ ...good, seed: -1, density: 2 })).toMatchObject({ received: '-1, and 1 more wrong' })
    expect(refusal('x'.repeat(500))).toMatchObject({
      received: expect.stringMatching(/^"x{70,76}\.\.\.$/) as string
    })
  })

  it('reads numbers from text', () => {
    const read = decode('options', codec.fromText(codec.atLeast(0)))
    expect(read('1e-1')).toEqual(E.right(0.1))
    for (const wrong of ['', ' ', 'ten', '-1', 'NaN', 'Infinity', '1,5', undefined])
      expect(read(wrong)).toMatchObject({
        left: { _tag: 'ConfigError', expected: 'a finite number of at least 0' }
      })
  })

  it('reads no number from other notations, nor from what is no text', () => {
    const read = decode('options', codec.fromText(codec.atLeast(0)))
    for (const wrong of ['0x10', 'a1', '1a', '.', '1e', 5]) expect(E.isLeft(read(wrong))).toBe(true)
    expect([' 2.5 ', '+3', '4.', '.5'].map(read)).toEqual([2.5, 3, 4, 0.5].map((value) => E.right(value)))
    expect(codec.fromText(codec.atLeast(0)).encode(2.5)).toBe('2.5')
  })

  it('names no path where the whole value is wrong', () => {
    expect(decode('read', codec.positive)('x')).toEqual(
      E.left({
        _tag: 'ConfigError',
        operation: 'read',
        expected: 'a finite number above 0',
        received: '"x"'
      })
    )
  })
})

describe('numbers', () => {
  it.each([
    [codec.positive, [1e-300, 2], [0, -1, Infinity, NaN, '1']],
    [codec.decay, [0, 0.5], [1, -0.1, NaN]],
    [codec.share, [1, 0.1], [0, 1.1]],
    [codec.atLeast(1), [1, 1.5], [0.99, Infinity]],
    [codec.whole(1, 3), [1, 3], [0, 4, 1.5]]
  ] as const)('%o', (type, good, wrong) => {
    for (const value of good) {
      expect([type.is(value), type.decode(value)]).toEqual([true, E.right(value)])
      expect(type.encode(value)).toBe(value)
    }
    for (const value of wrong) expect([type.is(value), E.isLeft(type.decode(value))]).toEqual([false, true])
  })
})

describe('closed', () => {
  it('knows its fields, and what is optional among them', () => {
    const type = codec.closed({ a: t.number }, { b: t.string })
    for (const good of [{ a: 1 }, { a: 1, b: 'x' }, { a: 1, b: undefined }])
      expect([type.is(good), E.isRight(type.decode(good))]).toEqual([true, true])
    for (const wrong of [{}, { a: 1, b: 2 }, { a: 1, c: 1 }, { a: '1' }, [1], null])
      expect([type.is(wrong), E.isLeft(type.decode(wrong))]).toEqual([false, true])
  })
})

describe('fileName', () => {
  it('is one on any system', () => {
    for (const good of ['a', 'run 1', 'é', 'a.b=c+d-_', 'xcon', 'conx', 'com', 'com12', '1', 'a'.repeat(100)])
      expect([good, codec.fileName.is(good)]).toEqual([good, true])
    const others = ['', ' a', 'a ', 'a.', '.a', '-a', 'a/b', 'a\\b', 'e\u0301', '\u212b', 'a'.repeat(101), 7]
    for (const wrong of [...others, 'con', 'CON', 'nul', 'lpt1', 'aux', 'prn', 'com9', 'a\n'])
      expect([wrong, codec.fileName.is(wrong)]).toEqual([wrong, false])
  })
})
