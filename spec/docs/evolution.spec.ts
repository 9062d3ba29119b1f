import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { evolutionText, kernelsPicture, linearPicture } from '../../bench/harness/evolution-report.js'
import type { Draw } from '../../bench/harness/evolution.js'
import { right } from '../support/either.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

it('the page on kernels says of their evolution what its record says: its tables, numbers and figures', () => {
  const { draws } = JSON.parse(read('bench/results/kernel-evolution.json')) as {
    readonly draws: readonly Draw[]
  }
  expect(draws.length).toBeGreaterThan(2)
  const [page, parts] = [read('docs/ntk.md'), evolutionText(draws).split('\n\n')]
  const numbers = parts.pop()!
  for (const table of parts) expect(page).toContain(table)
  for (const line of numbers.split('\n')) expect(page).toContain(/: (.*)$/.exec(line)![1])
  expect(read('docs/kernel-evolution.svg')).toBe(right(kernelsPicture(draws)))
  expect(read('docs/kernel-warm-up.svg')).toBe(right(linearPicture(draws)))
})
