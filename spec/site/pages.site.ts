import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium as launcher } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromium, chromiumArgs, noChromium } from '../../.config/chromium.js'
import { openOffline } from './open-offline.js'
import { examinations, openReader, type PageReading, type ReadingOptions } from './read-page.js'
import { serve } from './serve.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const LANES = 2

/** Runs a command that writes the site for a base. */
const build = (base: string, command: string, args: readonly string[], cwd: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, DOCS_BASE: base }
    const output: string[] = []
    const child = spawn(command, args, { cwd, env })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => output.push(String(data)))
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(output.join('')))))
  })

const namesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'))

/** Reads pages in a few tabs at once. */
const readPages = async (
  browser: Browser,
  origin: string,
  addresses: readonly string[],
  options: ReadingOptions
): Promise<ReadonlyMap<string, PageReading>> => {
  const readings = new Map<string, PageReading>()
  const queue = [...addresses]
  const menus = new Set<string>()
  const lane = async (): Promise<void> => {
    const { read, close } = await openReader(browser, origin, options, menus)
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) readings.set(next, await read(next))
    await close()
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return readings
}

/** The links of a site to itself that lead to no page, no file or no place of a page. */
const brokenLinks = async (
  origin: string,
  readings: ReadonlyMap<string, PageReading>
): Promise<readonly string[]> => {
  const broken: string[] = []
  const files = new Map<string, string>()
  for (const [from, { links }] of readings)
    for (const link of links) {
      const { origin: site, pathname, hash } = new URL(link)
      if (site !== origin) continue
      const target = readings.get(pathname.endsWith('/') ? `${pathname}index.html` : pathname)
      if (target === undefined) files.set(link, from)
      else if (hash !== '' && !target.ids.has(decodeURIComponent(hash.slice(1))))
        broken.push(`${from}: ${link}`)
    }
  for (const [link, from] of files) if (!(await fetch(link)).ok) broken.push(`${from}: ${link}`)
  return broken
}

const faultsOf = (readings: ReadonlyMap<string, PageReading>): readonly string[] =>
  [...readings.values()].flatMap(({ faults }) => faults)

const state: { browser?: Browser; below?: Promise<void> } = {}

beforeAll(async () => {
  if (chromium !== undefined)
    state.browser = await launcher.launch({ executablePath: chromium, args: [...chromiumArgs] })
})
afterAll(() => state.browser?.close())

// Each page is read once at each width and once below each base: a base changes addresses, not what is drawn. The second site is
// written while the first is read; it takes the API reference that is there.
const sites = [
  {
    base: '/',
    folder: `${root}dist/docs`,
    written: () => build('/', 'npm', ['run', 'docs:build'], root),
    options: { width: 1280, examine: examinations.first }
  },
  {
    base: '/lib/tangentflow/',
    folder: `${root}dist/docs-below`,
    written: () => state.below,
    options: { width: 400, examine: examinations.other }
  }
]

describe.each(sites)('the site at $base', ({ base, folder, written, options }) => {
  const site: { origin?: string; stop?: () => void; addresses?: readonly string[] } = {}
  let read: ReadonlyMap<string, PageReading> = new Map()

  beforeAll(async () => {
    await written()
    if (base === '/') {
      const out = ['vitepress', 'build', '.', '--outDir', '../dist/docs-below']
      state.below = build(sites[1]!.base, 'npx', out, `${root}docs`)
      state.below.catch(() => undefined)
    }
    Object.assign(site, await serve(folder, base), {
      addresses: namesIn(folder).map((name) => base + name)
    })
  })
  afterAll(() => site.stop?.())

  it(`opens every page at ${options.width} px with nothing wrong`, async (context) => {
    if (state.browser === undefined) return context.skip(noChromium)
    read = await readPages(state.browser, site.origin!, site.addresses!, options)
    expect(read.size).toBeGreaterThan(60)
    expect(faultsOf(read)).toEqual([])
  })

  it('shows every parameter list of a curried function, with its optional parameters', async () => {
    const textOf = async (path: string): Promise<string> => {
      const page = await fetch(`${site.origin!}${base}api/tangentflow/${path}`)
      return (await page.text()).replaceAll(/<[^>]*>/g, '')
    }
    const text = await textOf('namespaces/mask/index.html')
    expect(text).toContain('(params, mask, x, batch, key, at?) =&gt; MaskDistance')
    expect(text).toMatch(/Parameters of the second call[\s\S]{1,900}at\?Pparams/)
    expect(await textOf('promise/namespaces/train.html')).toContain('(runner) =&gt; Promise&lt;FitResult')
  })

  it('has no link that leads nowhere', async (context) => {
    if (state.browser === undefined) return context.skip(noChromium)
    expect(await brokenLinks(site.origin!, read)).toEqual([])
  })

  it('finds a page by a word, without any other site', async (context) => {
    if (state.browser === undefined) return context.skip(noChromium)
    const page = await state.browser.newPage()
    await page.route('**', (route) =>
      route.request().url().startsWith(site.origin!) ? route.continue() : route.abort()
    )
    await page.goto(site.origin! + base)
    await page.click('#local-search button')
    await page.fill('#localsearch-input', 'empiricalNtk')
    const found = page.locator('#localsearch-list a')
    await found.first().waitFor()
    const links = await page.evaluate<string[]>(
      "[...document.querySelectorAll('#localsearch-list a')].map(({ pathname }) => pathname)"
    )
    expect(links.every((link) => link.startsWith(base))).toBe(true)
    expect(links.some((link) => /\/(ntk|guide)\.html/.test(link))).toBe(true)
    await found.first().click()
    await page.waitForURL((url) => url.pathname !== base)
  })

  it('keeps the lessons once one is open', async (context) => {
    if (state.browser === undefined) return context.skip(noChromium)
    const { views, faults } = await openOffline(state.browser, folder, base)
    expect(views).toBeGreaterThan(0)
    expect(faults).toEqual([])
  })
})
