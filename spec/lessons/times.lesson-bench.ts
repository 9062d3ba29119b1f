import { afterAll, beforeAll, expect, it } from 'vitest'
import { thisMachine } from '../../bench/harness/machine.js'
import { noChromium } from '../../.config/chromium.js'
import { openLesson } from './lesson-page.js'
import { type LessonsSite, openSite } from './lessons-site.js'
import { opened } from './opened.js'

// The time from a click on a link until the first figure of a lesson can be used, and that of the last lesson's whole comparison.
// LOADS says how often each page is loaded, every time without anything that the browser has kept.

const LOADS = Number(process.env.LOADS ?? 5)

let site: LessonsSite | undefined

beforeAll(async () => {
  site = await openSite()
  process.stdout.write(`${JSON.stringify(thisMachine())}\n`)
})
afterAll(() => site?.close())

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** The first figure has its inputs and a picture; how long that took is what the page's clock says. */
const firstFigure = `(() => {
  const figure = document.querySelector('.lesson-figure')
  return figure?.querySelector('.lesson-view svg') && figure.querySelector('.lesson-controls, [data-handle]') ? performance.now() : 0
})()`

it.for(opened)('$name', async ({ name, lesson }, context) => {
  if (site === undefined) return context.skip(noChromium)
  const guesses = Object.keys(lesson.predictions).map((id) => `guess.${id}=none`)
  const times: number[] = []
  let executed = ''
  for (let load = 0; load < LOADS; load++) {
    const page = await site.browser.newPage({ viewport: { width: 1280, height: 900 } })
    await page.goto(`${site.origin}/lessons/${name}.html?${guesses.join('&')}`)
    const found = await page.waitForFunction(firstFigure, null, { polling: 'raf', timeout: 60_000 })
    times.push(Number(await found.jsonValue()))
    executed = (await page.locator('.lesson-executed').first().textContent()) ?? ''
    await page.close()
  }
  process.stdout.write(
    `${name}: ${(median(times) / 1000).toFixed(2)} s to the first figure, median of ${LOADS} (${times.map((one) => (one / 1000).toFixed(2)).join(', ')}); ${executed}\n`
  )
  expect(times).toHaveLength(LOADS)
})

it.for(['webasm', 'onnx'])(
  'trains the six networks of lesson 13 for sixteen epochs on %s',
  async (engine, context) => {
    if (site === undefined) return context.skip(noChromium)
    const address = `${site.origin}/lessons/13-winning-ticket.html`
    const { page, facts } = await openLesson(site.browser, address, 1280)
    const start = performance.now()
    await page.goto(`${address}?epochs=16&engine=${engine}&guess.falls=none&guess.nearest=none`)
    const figure = page.locator('.lesson-figure[data-id=training]')
    await page.locator('.lesson-figure[data-id=training][data-state=done]').waitFor({ timeout: 580_000 })
    const seconds = (performance.now() - start) / 1000
    const executed = (await figure.locator('.lesson-executed').textContent()) ?? ''
    process.stdout.write(`13, search and six trainings: ${seconds.toFixed(0)} s; ${executed}\n`)
    expect((await facts('training')).trained).toBe(6)
    await page.close()
  }
)
