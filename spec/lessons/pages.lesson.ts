import type { Locator } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noChromium } from '../../.config/chromium.js'
import { initial, type State, textOf } from '../../docs/lessons/frame/controls.js'
import { PATIENCE } from '../../docs/lessons/frame/work.js'
import { examinations, examined, putAxe } from '../site/read-page.js'
import { measured } from '../support/measured.js'
import { type LessonPage, openLesson } from './lesson-page.js'
import { type LessonsSite, openSite } from './lessons-site.js'
import { blocksOf, opened } from './opened.js'
import { giveAnswer, inputsOf, openCode, openingOf, operate, predict } from './use-lesson.js'

/** What a lesson may load until its first figures are there, in bytes. */
const BUDGET = 600_000
const WIDTHS = process.env.SLOW ? [1280, 768, 360] : [1280]

/** Of a test of a suite beside which another runs: it waits for the one before it. */
const inTurn = { concurrent: false } as const

let site: LessonsSite | undefined

beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site?.close())

describe.each(WIDTHS)('at %d px', (width) => {
  // two lessons at a time; the tests of one follow each other in its tab
  describe.concurrent.each(opened)('$name', (row) => {
    const { name, page: text, lesson, numbers } = row
    const figures = Object.keys(lesson.figures)
    let opened: LessonPage | undefined

    /** The tab of this lesson. */
    const tab = async (context: { readonly skip: (note: string) => never }): Promise<LessonPage> => {
      if (site === undefined) return context.skip(noChromium)
      opened ??= await openLesson(site.browser, `${site.origin}/lessons/${name}.html`, width)
      return opened
    }
    afterAll(() => opened?.page.close())

    it('opens within its budget, and its figures once something is predicted', inTurn, async (context) => {
      const { page, open, settled, loaded } = await tab(context)
      const start = performance.now()
      await open('')
      for (const [id, { options, answer }] of Object.entries(lesson.predictions)) {
        const wrong = Object.keys(options).find((word) => word !== answer)!
        const question = page.locator(`.lesson-predict[data-id="${id}"]`)
        await question.locator(`[data-word="${wrong}"]`).click()
        expect(await question.locator('.lesson-verdict').textContent()).toMatch(/^Not so/)
        await question.locator(`[data-word="${answer}"]`).click()
        expect(await question.locator('.lesson-verdict').textContent()).toMatch(/^Right/)
      }
      await settled()
      expect(await page.locator('.lesson-figure .lesson-view').count()).toBeGreaterThan(0)
      const bytes = await loaded()
      measured(
        context,
        `${name}: ${(bytes / 1000).toFixed(0)} kB, figures after ${(performance.now() - start).toFixed(0)} ms`
      )
      expect(bytes).toBeLessThan(BUDGET)
    })

    it(
      'is operated by keyboard, keeps its state in its address, and takes it back',
      inTurn,
      async (context) => {
        const { page, open, settled, facts } = await tab(context)
        const start: State = initial(lesson.controls)
        /** The controls that are, in the address, as at the start. */
        const asAtStart = (): readonly string[] => {
          const query = new URL(page.url()).searchParams
          return Object.keys(start).filter((control) => query.get(control) === textOf(start[control]!))
        }
        await open('')
        for (const figure of figures) {
          // as a reader does: the figures below are opened later
          await predict(page, row, figure)
          await settled()
          const inputs = inputsOf(page, figure)
          const count = await inputs.count()
          expect(count).toBeGreaterThan(0)
          // faster than the figure follows
          for (let i = 0; i < count; i++) await operate(inputs.nth(i))
          await settled()
        }
        const shown = (): Promise<readonly object[]> => Promise.all(figures.map(facts))
        // once more at the top, which some figures below follow; a control with two values is then back where it was
        for (let turn = 0; turn < 2; turn++) {
          if (turn > 0 && asAtStart().length === 0) break
          await operate(inputsOf(page, figures[0]!).last())
          await settled()
          await page.waitForFunction(`location.search.includes('${Object.keys(lesson.controls)[0]!}=')`)
          await page.waitForTimeout(300)
        }
        expect(asAtStart()).toEqual([])
        const before = await shown()
        await page.reload()
        await settled()
        expect(await shown()).toEqual(before)

        for (const each of await page.locator('.lesson-status button:text("Reset")').all()) await each.click()
        await settled()
        await context.expect.poll(asAtStart).toEqual(Object.keys(start))
      }
    )

    it.for(numbers)('shows $says', inTurn, async ({ figure, query, hold }, context) => {
      const { open, facts } = await tab(context)
      await open(`${openingOf(row, [figure])}&${query}`)
      const found = await facts(figure)
      hold((fact) => found[fact] ?? NaN)
    })

    it.for(Object.keys(lesson.exercises))('checks the answer of %s', inTurn, async (id, context) => {
      for (const isRight of [false, true]) await giveAnswer(await tab(context), row, id, isRight)
    })

    it('runs its code where it is edited', inTurn, async (context) => {
      const lessonPage = await tab(context)
      const { page, open, settled } = lessonPage
      const [figureName = ''] = blocksOf(text, 'Code')
      await open(openingOf(row, [figureName]))
      const code = await openCode(lessonPage)
      const figure = page.locator(`.lesson-figure[data-id="${figureName}"]`)
      const input = code.locator('textarea').first()
      await input.fill(`console.log('edited')\n${await input.inputValue()}`)
      await input.press('Control+Enter')
      await code.and(page.locator('[data-state=end], [data-state=failed]')).waitFor({ timeout: 90_000 })
      expect(await code.locator('.lesson-fault').textContent()).toBe('')
      expect(await code.locator('.lesson-log').textContent()).toMatch(/^edited\n/)
      expect(await code.locator('.lesson-numbers li').count()).toBeGreaterThan(0)
      expect(await figure.locator('.lesson-executed').textContent()).toMatch(/, with your code$/)
      await code.locator('button:text("Code of the page")').press('Enter')
      await settled()
      expect(await figure.locator('.lesson-executed').textContent()).not.toContain('your code')
    })

    it('shows one figure on the whole screen, and hides controls', inTurn, async (context) => {
      const { page, open } = await tab(context)
      await open(`hide=${Object.keys(lesson.controls).join(',')}`)
      expect(await page.locator('.lesson-controls input:not([type=number])').count()).toBe(0)
      for (const figure of figures) {
        if (figure === figures[0]) await open(`slides=${figure}`)
        else await page.keyboard.press('PageDown')
        await page.locator(`.is-slide[data-id="${figure}"]`).waitFor()
        const slide = page.locator('.lesson-figure.is-slide')
        expect(await slide.getAttribute('data-id')).toBe(figure)
        expect(await slide.boundingBox()).toMatchObject({ x: 0, y: 0, width })
      }
      await page.keyboard.press('Escape')
      expect(await page.locator('.is-slide').count()).toBe(0)
    })

    it('is accessible in both themes, and no wider than the window', inTurn, async (context) => {
      const lessonPage = await tab(context)
      const { page, open } = lessonPage
      await open(openingOf(row, figures))
      await openCode(lessonPage)
      const { scroll, client } = await page.evaluate<{ scroll: number; client: number }>(
        '({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth })'
      )
      expect(scroll).toBe(client)
      await putAxe(page)
      for (const each of examinations.first) expect(await examined(page, each)).toEqual([])
    })

    it('says nothing in the console', inTurn, async (context) => {
      const { faults } = await tab(context)
      expect(faults).toEqual([])
    })
  })
})

describe('code that is edited', () => {
  let opened: LessonPage | undefined
  afterAll(() => opened?.page.close())

  /** The worked kernel, with its editor open. */
  const editor = async (context: { readonly skip: (note: string) => never }) => {
    if (site === undefined) return context.skip(noChromium)
    opened ??= await openLesson(site.browser, `${site.origin}/lessons/04-kernel-by-hand.html`, 1280)
    await opened.open('guess.larger=none')
    const code = await openCode(opened)
    const network = code.locator('textarea[name=network]')
    return { ...opened, code, network, text: await network.inputValue() }
  }
  const ended = (code: Locator, how: string): Promise<void> =>
    code.and(code.page().locator(`[data-state=${how}]`)).waitFor({ timeout: 30_000 })

  it('draws the figure', async (context) => {
    const { code, network, text, facts } = await editor(context)
    expect((await facts('kernel')).theta11).toBeCloseTo(17 / 4, 9)
    await network.fill(text.replace('[[1], [-1]]', '[[2], [-1]]'))
    await network.press('Control+Enter')
    await ended(code, 'end')
    expect((await facts('kernel')).theta11).toBeCloseTo(23 / 4, 9)
    expect(await code.locator('.lesson-numbers li').first().textContent()).toBe(
      'Θ(x₁, x₁) = 23/4, before: 4.25'
    )
    // and follows the sliders of the page
    await code
      .page()
      .locator('[data-id=kernel] [data-handle], [data-id=kernel] input')
      .first()
      .press('ArrowRight')
    await ended(code, 'end')
    expect(await code.page().locator('[data-id=kernel] .lesson-executed').textContent()).toContain(
      'your code'
    )
  })

  it('is left by keyboard', async (context) => {
    const { page, network } = await editor(context)
    const focused = () =>
      page.evaluate<string>('document.activeElement.name || document.activeElement.textContent')
    expect(await focused()).toBe('network')
    await network.press('Tab')
    expect(await focused()).toBe('kernel')
    await page.keyboard.press('Escape')
    expect(await focused()).toBe('Run')
  })

  it.for([
    ["nn.dense('two')", /^ArgumentError in nn\.dense: expected/],
    ['const = 1', /^network: .*\(1:7\)$/],
    ["throw new Error('no further')", /^no further$/]
  ] as const)('says what is wrong with %s', async ([line, message], context) => {
    const { code, network, text } = await editor(context)
    await network.fill(`${line}\n${text}`)
    await network.press('Control+Enter')
    await ended(code, 'failed')
    expect(await code.locator('.lesson-fault').textContent()).toMatch(message)
  })

  it('is stopped where it does not end', async (context) => {
    const { code, network, text, facts, settled } = await editor(context)
    await network.fill(`while (true) {}\n${text}`)
    await network.press('Control+Enter')
    await code.locator('button:text("Stop")').click()
    await ended(code, 'stopped')
    await code.locator('button:text("Code of the page")').click()
    await settled()
    expect((await facts('kernel')).theta11).toBeCloseTo(17 / 4, 9)
  })

  it('is stopped after a while by itself', async (context) => {
    const { page, code, network, text } = await editor(context)
    await network.fill(`while (true) {}\n${text}`)
    await page.clock.install()
    await network.press('Control+Enter')
    await page.clock.fastForward(PATIENCE)
    await ended(code, 'failed')
    expect(await code.locator('.lesson-fault').textContent()).toMatch(/so it was stopped/)
    expect(opened?.faults).toEqual([])
  })
})

it('opens a prepared state from the page for teachers', async (context) => {
  if (site === undefined) return context.skip(noChromium)
  const { page, faults, settled } = await openLesson(
    site.browser,
    `${site.origin}/lessons/teachers.html`,
    1280
  )
  await page.goto(`${site.origin}/lessons/teachers.html`)
  await page.waitForFunction("document.querySelector('#app').__vue_app__ !== undefined")
  await page.locator('main a', { hasText: 'exactly there' }).click()
  await page.waitForURL(/07-flow\.html\?rate=1/)
  await page.locator('.lesson-predict button').first().click()
  await settled()
  expect(await page.locator('.lesson-range output').first().textContent()).toBe('1')
  expect(faults).toEqual([])
  await page.close()
})
