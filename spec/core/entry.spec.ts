import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { IOEither } from 'fp-ts/lib/IOEither.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { entry, settled } from '../../lib/core/entry.js'
import { fail, tangentError, type TangentError } from '../../lib/core/error.js'

const boom = (): never => {
  throw new TypeError('mine')
}
const left = (given: string) => ({
  _tag: 'Left',
  left: {
    _tag: 'ArgumentError',
    operation: 'op',
    expected: 'arguments that raise no exception',
    received: `${given}, which raised TypeError: mine`,
    cause: new TypeError('mine')
  }
})
/** Nothing, or an exception in call `at`. */
const raise = (at: number, n: number): void => {
  if (at === n) boom()
}

describe('entry', () => {
  const either = (at: number) =>
    entry('op', 'Either', 2, (a: number) => (b: number): E.Either<TangentError, number> => {
      raise(at, 1)
      return E.right(a + b)
    })
  const io = entry('op', 'IOEither', 1, (at: number): IOEither<TangentError, number> => {
    raise(at, 0)
    return () => (at === 1 ? boom() : E.right(1))
  })
  const effect = entry(
    'op',
    'Effect',
    2,
    (at: number) =>
      (b: number): ReaderTaskEither<number, TangentError, number> => {
        raise(at, 1)
        return (c) => {
          raise(at, 2)
          return async () => {
            raise(at, 3)
            return Promise.resolve(at === 4 ? Promise.reject(new TypeError('mine')) : E.right(b + c))
          }
        }
      }
  )

  it('gives what the function gives', async () => {
    expect(either(0)(1)(2)).toEqual(E.right(3))
    expect(io(2)()).toEqual(E.right(1))
    expect(await effect(0)(1)(2)()).toEqual(E.right(3))
  })
  it('gives a Left, whichever call raises', async () => {
    expect(either(1)(1)(2)).toEqual(left('1, 2'))
    expect(io(0)()).toEqual(left('0'))
    expect(io(1)()).toEqual(left('1'))
    for (const at of [1, 2, 3, 4])
      expect(await effect(at)(1)(2)()).toEqual(left(at === 1 ? '1, 1' : `${at}, 1, 2`))
  })
  it('says as much as there is of an effect that is given', async () => {
    const raised = await settled('op', boom)()
    expect(raised).toMatchObject({ left: { received: 'TypeError: mine' } })
  })
  it('keeps an error of the library as it is', () => {
    const refuse = entry('op', 'Either', 1, (): E.Either<TangentError, number> =>
      fail('ShapeError', 'ops.add', 'a', 'b')
    )
    expect(refuse()).toEqual(E.left(tangentError('ShapeError', 'ops.add', 'a', 'b')))
  })
  it('gives a Left for whatever is thrown, and for what is no Either', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (thrown) => {
        const raised: TE.TaskEither<TangentError, never> = () => {
          throw thrown
        }
        expect(await settled('op', raised)()).toMatchObject({ left: { operation: 'op' } })
        const given = entry('op', 'Either', 1, (value: E.Either<TangentError, number>) => value)
        const isEither = (value: unknown): boolean => E.isLeft(value as never) || E.isRight(value as never)
        expect(isEither(given(thrown as never))).toBe(true)
      })
    )
  })
  it('refuses a number of calls that is not that of the type', () => {
    // @ts-expect-error three calls are not two
    entry('op', 'Either', 3, (a: number) => (): E.Either<TangentError, number> => E.right(a))
    // @ts-expect-error a TaskEither is no Either
    entry('op', 'Either', 1, (a: number): TE.TaskEither<TangentError, number> => TE.right(a))
  })
})
