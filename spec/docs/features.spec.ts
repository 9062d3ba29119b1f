import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { featuresPicture, featuresText } from '../../bench/harness/features-report.js'
import type { Draw } from '../../bench/harness/features.js'
import { right } from '../support/either.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

it('the page on kernels says of features what their record says: its tables, numbers and picture', () => {
  const { draws } = JSON.parse(read('bench/results/kernel-features.json')) as {
    readonly draws: readonly Draw[]
  }
  expect(draws.length).toBeGreaterThan(2)
  const [page, parts] = [read('docs/ntk.md'), featuresText(draws).split('\n\n')]
  const numbers = parts.pop()!
  for (const table of parts) expect(page).toContain(table)
  for (const line of numbers.split('\n')) expect(page).toContain(/: (.*)$/.exec(line)![1])
  expect(read('docs/kernel-features.svg')).toBe(right(featuresPicture(draws)))
})
