import { describe, expect, it } from 'vitest'
import * as E from 'fp-ts/lib/Either.js'
import { attack, ndarray, tree } from 'tangentflow'
import { entry } from '../../lib/core/entry.js'
import { fail, type TangentError, TangentFailure } from '../../lib/core/error.js'
import { plain } from '../../lib/core/plain.js'
import { refusalOf } from '../support/refusal.js'

interface Named {
  readonly name: string
}

describe('plain', () => {
  const lengths = plain(
    'lengths',
    ({ name }: Named) =>
      (other: Named) =>
        name.length + other.name.length
  )

  it('is the function as it is, where nothing is raised', () => {
    expect(lengths({ name: 'ab' })({ name: 'c' })).toBe(3)
  })

  it.each([
    ['the first', () => lengths(undefined as never), 'nothing'],
    ['the second', () => lengths({ name: '' })(null as never), 'null']
  ])('names the operation where JavaScript raises an error in %s call', (_, call, received) => {
    const error = refusalOf(call)
    expect(error).toMatchObject({ _tag: 'ArgumentError', operation: 'lengths' })
    expect(error.cause).toBeInstanceOf(TypeError)
    expect(error.received).toBe(`${received}, which raised TypeError: ${error.cause?.message}`)
  })

  it('says what an entry point says of the same arguments', () => {
    const read = (named: Named): E.Either<TangentError, string> => E.right(named.name.trim())
    for (const wrong of [undefined, null, 3, { name: [] }] as never[]) {
      const [a, b] = [plain('read', read), entry('read', 'Either', 1, read)]
      expect(b(wrong)).toEqual(E.left(refusalOf(() => a(wrong))))
    }
  })

  it('lets errors of the library and of the caller pass', () => {
    const own = new Error('mine')
    const raised = (thrown: () => never) => plain('raised', thrown)
    expect(refusalOf(raised(() => fail('ShapeError', 'inner', 'a', 'b')))).toMatchObject({
      _tag: 'ShapeError',
      operation: 'inner'
    })
    expect(
      raised(() => {
        throw own
      })
    ).toThrow(own)
  })

  it('keeps the properties of a function that is given', () => {
    const boxed = plain('boxed', (box: number) => Object.assign(() => box, { box }))(3)
    expect([boxed(), boxed.box]).toEqual([3, 3])
    const { box } = attack.pgd({ epsilon: 0.1, steps: 1, stepSize: 0.1, box: [-1, 1] })
    expect(box).toEqual([-1, 1])
  })

  it('leaves a field of a record that is computed until it is asked for', () => {
    const lazy = plain('lazy', (many: number) => ({
      double: () => 2 * many,
      get refused(): number {
        return fail('ArgumentError', 'lazy.refused', 'to be left alone', `${many}`)
      }
    }))(3)
    expect(lazy.double()).toBe(6)
    expect(refusalOf(() => lazy.refused)).toMatchObject({ operation: 'lazy.refused' })
  })

  it.each([
    ['attack.pgd', () => attack.pgd(undefined as never)],
    ['ndarray.toNested', () => ndarray.toNested(undefined as never)],
    ['tree.fromNamed', () => tree.fromNamed([])(null as never)]
  ])('is %s', (operation, call) => {
    expect(call).toThrow(TangentFailure)
    expect(refusalOf(call)).toMatchObject({ operation })
  })
})
