import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What a page of the site has: the places that links may lead to, its own links, and what is wrong with it. */
export interface PageReading {
  /** Values of its `id` attributes. */
  readonly ids: ReadonlySet<string>
  /** Addresses of its links. */
  readonly links: readonly string[]
  /** A line for each fault. */
  readonly faults: readonly string[]
}

/** What axe-core examines. */
interface Examination {
  readonly theme: 'light' | 'dark'
  /** Whether a page's text is taken out before, for good: axe-core reads a document as a whole, whatever it is told to leave out. */
  readonly menusOnly?: boolean
  readonly options: object
}

const only = (rule: string): object => ({ runOnly: { type: 'rule', values: [rule] } })

/**
 * What is examined at the first width, and at any other: of a page's text only what scrolls depends on the width, and only contrast
 * on the theme; the menus are others at each width.
 */
export const examinations = {
  first: [
    { theme: 'light', options: {} },
    { theme: 'dark', options: only('color-contrast') }
  ],
  other: [
    { theme: 'light', options: only('scrollable-region-focusable') },
    { theme: 'light', menusOnly: true, options: {} },
    { theme: 'dark', menusOnly: true, options: only('color-contrast') }
  ]
} as const satisfies Readonly<Record<string, readonly Examination[]>>

/** How pages are read. */
export interface ReadingOptions {
  /** Of the window, in pixels. */
  readonly width: number
  /** What axe-core examines; menus alone on one of the pages that have the same. */
  readonly examine: readonly Examination[]
}

/** Puts axe-core into a page, once after each load. */
export const putAxe = (page: Page): Promise<unknown> => page.evaluate(axe)

/** What axe-core, which is in the page, finds that is serious or critical. */
export const examined = async (
  page: Page,
  { theme, menusOnly = false, options }: Examination
): Promise<readonly string[]> => {
  await page.emulateMedia({ colorScheme: theme })
  await page.waitForSelector(theme === 'dark' ? 'html.dark' : 'html:not(.dark)', { state: 'attached' })
  if (menusOnly) await page.evaluate("document.querySelector('main')?.replaceChildren()")
  const asked = { resultTypes: ['violations'], ...options }
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(asked)})`)
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${theme}: ${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}

/** A browser's tab that reads one page of a site after another, each once Vue has taken it over. Tabs share the menus that were examined. */
export const openReader = async (
  browser: Browser,
  origin: string,
  { width, examine }: ReadingOptions,
  menus: Set<string>
): Promise<{
  readonly read: (address: string) => Promise<PageReading>
  readonly close: () => Promise<void>
}> => {
  const page = await browser.newPage({ viewport: { width, height: 900 }, reducedMotion: 'reduce' })
  const faults: string[] = []
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  page.on('pageerror', ({ message }) => faults.push(message))
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
      faults.push(`asks for ${request.url()}`)
  })

  const read = async (address: string): Promise<PageReading> => {
    faults.length = 0
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(origin + address)
    await page.waitForFunction("document.querySelector('#app').__vue_app__ !== undefined")
    const excess = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    )
    if (excess !== 0) faults.push(`${excess} px wider than the window`)
    const ids = await page.evaluate<string[]>("[...document.querySelectorAll('[id]')].map(({ id }) => id)")
    const links = await page.evaluate<string[]>(
      "[...document.querySelectorAll('a[href]')].map(({ href }) => href)"
    )
    const menu = await page.evaluate<string>(
      "[...document.querySelectorAll('.VPNav, .VPSidebar')].map(({ textContent }) => textContent).join()"
    )
    if (examine.length > 0) await putAxe(page)
    for (const each of examine)
      if (each.menusOnly !== true || !menus.has(menu)) faults.push(...(await examined(page, each)))
    menus.add(menu)
    return {
      ids: new Set(ids),
      links,
      faults: faults.map((fault) => `${address} at ${width} px: ${fault}`)
    }
  }
  return { read, close: () => page.close() }
}
