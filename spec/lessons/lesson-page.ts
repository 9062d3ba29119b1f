import { gzipSync } from 'node:zlib'
import type { Browser, Page, Response } from 'playwright'

/** A lesson that is open in a browser. */
export interface LessonPage {
  readonly page: Page
  /** What the console and the network said that they should not have. */
  readonly faults: readonly string[]
  /** What has been loaded so far, in bytes as they are sent by a host that compresses; nothing is counted afterwards. */
  readonly loaded: () => Promise<number>
  /** Opens the lesson in a state, and waits until its figures are there. */
  readonly open: (query: string) => Promise<void>
  /** Waits until everything that can be seen is computed; a figure that says that it failed is an error. */
  readonly settled: () => Promise<void>
  /** The numbers that a figure shows. */
  readonly facts: (figure: string) => Promise<Readonly<Record<string, number>>>
}

/** Every figure that is open is computed, and every block of the page is alive. */
const settled = `[...document.querySelectorAll('.lesson-figure, .lesson-predict, .lesson-exercise')].every((block) =>
  block.childElementCount > 0 &&
  (!block.matches('.lesson-figure') || block.querySelector('.lesson-body').hidden || ['done', 'failed'].includes(block.dataset.state)))`

/** A page is compressed where it is text; fonts are as they are. */
const sizeOf = (url: string, body: Buffer): number =>
  /\.(woff2|wasm)$/.test(new URL(url).pathname) ? body.length : gzipSync(body).length

/** Opens a tab for a lesson. */
export const openLesson = async (browser: Browser, address: string, width: number): Promise<LessonPage> => {
  const page = await browser.newPage({ viewport: { width, height: 900 }, reducedMotion: 'reduce' })
  const { origin } = new URL(address)
  const faults: string[] = []
  const sizes: Promise<number>[] = []
  page.on('console', (message) => faults.push(message.text()))
  page.on('pageerror', ({ message }) => faults.push(message))
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) faults.push(`asks for ${request.url()}`)
  })
  const count = (response: Response): void => {
    sizes.push(
      response
        .body()
        .then((body) => sizeOf(response.url(), body))
        .catch(() => 0)
    )
  }
  page.on('response', count)
  const wait = async (): Promise<void> => {
    await page.waitForFunction(settled, null, { timeout: 60_000 })
    const failed = await page.locator('.lesson-figure[data-state=failed] .lesson-fault').allTextContents()
    if (failed.length > 0) throw new Error(failed.join('\n'))
  }
  return {
    page,
    faults,
    settled: wait,
    loaded: async () => {
      page.off('response', count)
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    },
    open: async (query) => {
      await page.goto(`${address}?${query}`)
      await wait()
    },
    facts: (figure) =>
      page.evaluate<Readonly<Record<string, number>>>(
        `Object.fromEntries([...document.querySelectorAll('[data-id="${figure}"] [data-fact]')].map(
          ({ dataset: { fact, value } }) => [fact, Number(value)]))`
      )
  }
}
