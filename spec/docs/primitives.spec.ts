import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { primitivesPage } from './primitives.js'

const page = new URL('../../docs/primitives.md', import.meta.url)

it('docs/primitives.md is what the records say', () => {
  if (process.env['UPDATE_DOCS'] !== undefined) writeFileSync(page, primitivesPage())
  expect(existsSync(page) ? readFileSync(page, 'utf8') : 'missing').toBe(primitivesPage())
})
