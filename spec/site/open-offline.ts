import type { Browser } from 'playwright'
import { serve } from './serve.js'

/** What a lesson shows without a server. */
export interface OfflineReading {
  /** Pictures of its figures. */
  readonly views: number
  /** What the page says that is wrong. */
  readonly faults: readonly string[]
}

/** Opens a lesson, takes the server away once the browser keeps the lessons, and opens another in a state of its own. */
export const openOffline = async (
  browser: Browser,
  folder: string,
  base: string
): Promise<OfflineReading> => {
  const { origin, stop } = await serve(folder, base)
  const page = await browser.newPage()
  try {
    await page.goto(`${origin}${base}lessons/05-width.html`)
    await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)')
    stop()
    const faults: string[] = []
    page.on('pageerror', ({ message }) => faults.push(message))
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
    // a figure that is computed in a worker, whose script and library must be there too
    await page.goto(`${origin}${base}lessons/07-flow.html?guess.first=none&time=10`)
    const figure = page.locator('.lesson-figure[data-id=flow][data-state=done]')
    await figure.waitFor({ timeout: 60_000 })
    const views = await figure.locator('.lesson-view').count()
    // with code of the reader's own, whose runner is kept as well
    await page.locator('summary').first().click()
    const code = page.locator('.lesson-code')
    await code.locator('button:text("Edit and run")').click()
    await code.locator('button:text("Run")').last().click()
    await page.locator('.lesson-code[data-state=end]').waitFor({ timeout: 60_000 })
    // in the same page, as a link does it
    await page.locator('.VPSidebar a', { hasText: 'A kernel by hand' }).click()
    await page.locator('.lesson-predict button').first().click()
    await page.locator('.lesson-figure[data-state=done]').first().waitFor({ timeout: 60_000 })
    return { views, faults }
  } finally {
    stop()
    await page.close()
  }
}
