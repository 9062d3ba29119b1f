import { readFileSync } from 'node:fs'
import type * as E from 'fp-ts/lib/Either.js'
import { expect } from 'vitest'
import { right } from '../support/either.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/**
 * Expects docs/ntk.md to say of an experiment in draws what its record says: the tables and numbers of its text, and its pictures
 * by name.
 */
export const expectSaid = <D>(
  record: string,
  text: (draws: readonly D[]) => string,
  pictures: Readonly<Record<string, (draws: readonly D[]) => E.Either<unknown, string>>>
): void => {
  const { draws } = JSON.parse(read(`bench/results/${record}`)) as { readonly draws: readonly D[] }
  expect(draws.length).toBeGreaterThan(2)
  const [page, parts] = [read('docs/ntk.md'), text(draws).split('\n\n')]
  const numbers = parts.pop()!
  for (const table of parts) expect(page).toContain(table)
  for (const line of numbers.split('\n')) expect(page).toContain(/: (.*)$/.exec(line)![1])
  for (const [name, draw] of Object.entries(pictures)) expect(read(`docs/${name}`)).toBe(right(draw(draws)))
}
