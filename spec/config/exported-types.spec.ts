import { expect, it } from 'vitest'

const { exportedTypes, repeatedTypes } = (await import(
  new URL('../../.config/exported-types.js', import.meta.url).href
)) as {
  exportedTypes: (text: string) => readonly string[]
  repeatedTypes: (sources: readonly (readonly [path: string, text: string])[]) => readonly string[]
}

it('finds what a file declares and exports, and nothing else', () => {
  const text = `
    interface Hidden {}
    export interface Shown {}
    export type Alias = number
    export class Thing {}
    export const value = 1
    export type { Other } from './other.js'`
  expect(exportedTypes(text)).toEqual(['Shown', 'Alias', 'Thing'])
})

it('names the files that export a type of one name', () => {
  const sources = [
    ['a.ts', 'export type Plan = 1; export type Once = 1'],
    ['b.ts', 'export interface Plan {}']
  ] as const
  expect(repeatedTypes(sources)).toEqual(['Plan is exported by a.ts, b.ts'])
  expect(repeatedTypes(sources.slice(0, 1))).toEqual([])
})
