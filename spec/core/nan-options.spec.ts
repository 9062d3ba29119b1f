import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { TangentFailure } from 'tangentflow'
import { calls } from '../support/numeric-options.js'

/** What a call fails with, as a value or thrown, now or later. */
const errorOf = async (call: () => unknown): Promise<unknown> => {
  try {
    const found: unknown = await call()
    return typeof found === 'object' && found !== null && 'left' in found ? found.left : undefined
  } catch (thrown) {
    return thrown instanceof TangentFailure ? thrown.error : thrown
  }
}

/** The names of all options of `lib` that are numbers. */
const numeric = (): readonly string[] =>
  readdirSync('lib', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [
      ...readFileSync(`lib/${name}`, 'utf8').matchAll(
        /(\w+): option\.(?:number|finite|natural|count|or\(option\.number)/g
      )
    ])
    .map(([, name]) => name!)

describe('NaN as an option', () => {
  it.each(
    Object.entries(calls).flatMap(([name, [options, call]]) =>
      options.split(' ').map((option) => ({ name, option, call }))
    )
  )('is refused by $name as $option', async ({ option, call }) => {
    expect(await errorOf(() => call({ [option]: NaN }))).toMatchObject({
      _tag: 'ArgumentError',
      received: expect.stringContaining('NaN') as string
    })
  })

  it('is given to every numeric option that there is', () => {
    const given = Object.values(calls).flatMap(([options]) => options.split(' '))
    // a queue and a download have none of the others: spec/queue and spec/io
    expect(new Set([...given, 'lostAfter', 'keptFor', 'timeout'])).toEqual(new Set([...given, ...numeric()]))
  })
})
