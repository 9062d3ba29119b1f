import { describe, expect, it } from 'vitest'
import { fromMarkdown, fromSource } from './extract.js'

const page = [
  '# Title',
  '```ts',
  'one()',
  '',
  'two()',
  '```',
  '```ts no-run',
  'never()',
  '```',
  '```sh',
  'ls',
  '```'
]

describe('fromMarkdown', () => {
  it('takes the blocks marked exactly ts, with their line', () =>
    expect(fromMarkdown('page.md', page.join('\n'))).toEqual([
      { file: 'page.md', line: 3, source: 'one()\n\ntwo()' }
    ]))

  it('removes the indentation of a block in a list', () =>
    expect(
      fromMarkdown('page.md', '- a\n  ```ts\n  if (a)\n    b()\n  ```').map(({ source }) => source)
    ).toEqual(['if (a)\n  b()']))

  it('leaves a shorter fence inside a longer one alone', () =>
    expect(fromMarkdown('page.md', '````md\n```ts\nnever()\n```\n````')).toEqual([]))

  it('rejects a block that is never closed', () =>
    expect(() => fromMarkdown('page.md', '```ts\none()')).toThrow(/never closed/))
})

const source = `
/**
 * Doubles.
 *
 * @example
 * import { double } from 'tangentflow'
 *
 * double(2)
 *
 * @since 0.1.0
 */
export const double = (x: number): number => 2 * x

const trap = '/** @example no(1) */'

export type Pair = {
  /**
   * @example with a fence
   * Prose.
   * \`\`\`ts
   * fenced()
   * \`\`\`
   * @example not run
   * \`\`\`ts no-run
   * never()
   * \`\`\`
   */
  readonly first: number
}
`

describe('fromSource', () => {
  it('takes raw and fenced examples of docstrings and nothing else', () =>
    expect(
      fromSource('lib/double.ts', source).map(({ line, source }) => ({ line, source: source.trim() }))
    ).toEqual([
      { line: 6, source: "import { double } from 'tangentflow'\n\ndouble(2)" },
      { line: 21, source: 'fenced()' }
    ]))

  it('rejects an example that has no code', () =>
    expect(() => fromSource('lib/double.ts', '/** @example double(2) */\nexport {}')).toThrow(/without code/))
})
