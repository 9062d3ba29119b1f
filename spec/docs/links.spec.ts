import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, it } from 'vitest'
import { inRepository, siteLink } from '../../docs/.vitepress/repository.js'

/** The pages of the repository that the site has. */
const pages = [
  ...['docs', 'docs/decisions', 'docs/lessons'].flatMap((folder) =>
    readdirSync(inRepository(folder))
      .filter((name) => name.endsWith('.md') && !name.startsWith('['))
      .map((name) => `${folder}/${name}`)
  ),
  'bench/README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md'
]

/** The links of a page to files, without those in code. */
const linksOf = (page: string): readonly string[] => {
  const text = readFileSync(inRepository(page), 'utf8').replace(/```[\s\S]*?```|`[^`\n]*`/g, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^([a-z]+:|\/|#)/.test(link))
}

const isThere = (page: string, link: string): boolean => {
  const path = posix.join(posix.dirname(page), link.split('#')[0]!)
  // the reference is written when the site is built
  return path.startsWith('docs/api/') || existsSync(inRepository(path))
}

it('every link of a page leads to a file, and to one that the site has', () => {
  const all = pages.flatMap((page) => linksOf(page).map((link) => [page, link] as const))
  expect(all.length).toBeGreaterThan(100)
  expect(all.filter(([page, link]) => !isThere(page, link))).toEqual([])
  for (const [page, link] of all) expect(() => siteLink(page, link)).not.toThrow()
})
