import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { type Decoded, decoders } from './decoders.js'
import { type Mutation, mutated, mutation, tokenChange, withToken } from './mutations.js'

const runs = Number(process.env.FUZZ_RUNS ?? 3000)
const SLOWEST = 10_000

const isWord = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && !/\bundefined\b/.test(value)

/** What is wrong with what a decoder gave, or nothing. */
const complaint = (decoded: Decoded): string | undefined => {
  if (E.isRight(decoded)) return undefined
  const { _tag, operation, expected, received } = decoded.left
  return _tag.endsWith('Error') && [operation, expected, received].every(isWord)
    ? undefined
    : `an error without words: ${JSON.stringify(decoded.left)}`
}

const withHeader = decoders.flatMap(({ name, decode, header }) =>
  header === undefined ? [] : [{ name, decode, header }]
)

it.each(withHeader)(
  '$name gives a value or a typed error for any header',
  async ({ decode, header: { text, wrap } }) => {
    const changes = fc.array(tokenChange, { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(changes, async (all) => {
        const other = all.reduce((before, change) => withToken(before, change.at, change.text), text)
        expect(complaint(await decode(wrap(other)))).toBeUndefined()
      }),
      { numRuns: runs }
    )
  }
)

describe.each(decoders)('$name', ({ samples, decode, cases = [], header }) => {
  it('reads what it should', async () => {
    for (const sample of samples) expect((await decode(sample))._tag).toBe('Right')
    if (header !== undefined) expect((await decode(header.wrap(header.text)))._tag).toBe('Right')
  })

  it.each(cases)('refuses %s, in little memory', async (_, bytes, expected) => {
    globalThis.gc?.()
    const before = process.resourceUsage().maxRSS
    const decoded = await decode(bytes)
    expect(complaint(decoded)).toBeUndefined()
    expect(decoded).toMatchObject({ left: { expected: expect.stringContaining(expected) as string } })
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(64)
  })

  it('gives a value or a typed error for any bytes, soon and in little memory', async () => {
    const files = fc.record({
      sample: fc.nat(samples.length - 1),
      changes: fc.array(mutation, { minLength: 1, maxLength: 4 })
    })
    const before = process.resourceUsage().maxRSS
    let done = 0
    await fc.assert(
      fc.asyncProperty(files, async ({ sample, changes }: { sample: number; changes: Mutation[] }) => {
        const bytes = changes.reduce(mutated, samples[sample]!)
        const start = performance.now()
        expect(complaint(await decode(bytes))).toBeUndefined()
        expect(performance.now() - start).toBeLessThan(SLOWEST)
        if (++done % 64 === 0) globalThis.gc?.()
      }),
      { numRuns: runs }
    )
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(64)
  })
})
