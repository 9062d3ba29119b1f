import type { Locator, Page } from 'playwright'
import { expect } from 'vitest'
import { type State, textOf } from '../../docs/lessons/frame/controls.js'
import type { LessonPage } from './lesson-page.js'
import type { OpenedLesson } from './opened.js'

/** A state as the address of a page has it. */
const queryOf = (state: State): string =>
  new URLSearchParams(
    Object.fromEntries(Object.entries(state).map(([name, value]) => [name, textOf(value)]))
  ).toString()

/** The address of a page on which some figures are open, the questions before them answered. */
export const openingOf = (
  { lesson: { predictions }, opens }: Pick<OpenedLesson, 'lesson' | 'opens'>,
  figures: readonly string[]
): string =>
  queryOf(
    Object.fromEntries(
      figures.flatMap((figure) => {
        const id = opens.get(figure)
        return id === undefined ? [] : [[`guess.${id}`, predictions[id]!.answer]]
      })
    )
  )

/** Answers the question before a figure, if there is one. */
export const predict = async (page: Page, { lesson, opens }: OpenedLesson, figure: string): Promise<void> => {
  const id = opens.get(figure)
  if (id !== undefined)
    await page
      .locator(`.lesson-predict[data-id="${id}"] [data-word="${lesson.predictions[id]!.answer}"]`)
      .click()
}

/** What a figure is operated by: its controls, then what can be dragged in it. */
export const inputsOf = (page: Page, figure: string): Locator =>
  page
    .locator(`.lesson-figure[data-id="${figure}"]`)
    .locator('.lesson-controls :is(input:not([type=radio]), input:checked), [data-handle]')

/** Moves a control to another value, by keyboard. */
export const operate = async (control: Locator): Promise<void> => {
  const [type, max] = [await control.getAttribute('type'), await control.getAttribute('max')]
  const value = type === null ? undefined : await control.inputValue()
  if (type === 'number') await control.fill(String(Number(value) + 1))
  else if (type === 'text') await control.fill(`${value ?? ''} `)
  else await control.focus()
  await control.press(
    type === 'number' || type === 'text' ? 'Enter' : value === max ? 'ArrowLeft' : 'ArrowRight'
  )
}

/** Answers an exercise, rightly or not, and looks at the verdict. */
export const giveAnswer = async (
  { page, open }: LessonPage,
  row: OpenedLesson,
  id: string,
  isRight: boolean
): Promise<void> => {
  const exercise = row.lesson.exercises[id]!
  if (exercise.kind === 'reach')
    await open(`${openingOf(row, [exercise.figure])}&${isRight ? queryOf(exercise.example) : ''}`)
  const block = page.locator(`.lesson-exercise[data-id="${id}"]`)
  if (exercise.kind === 'number')
    await block.locator('input').fill(String(isRight ? exercise.answer : exercise.wrong))
  if (exercise.kind === 'choice') {
    const wrong = Object.keys(exercise.options).find((word) => word !== exercise.answer)!
    await block.locator(`[data-word="${isRight ? exercise.answer : wrong}"]`).click()
  }
  await block.locator('[type=submit]').click()
  expect(await block.getAttribute('data-verdict')).toBe(isRight ? 'right' : 'wrong')
}

/** Opens the editor of the first code of a page, by keyboard. */
export const openCode = async ({ page }: LessonPage): Promise<Locator> => {
  const details = page.locator('details:has(.lesson-code)').first()
  await details.locator('summary').press('Enter')
  const code = details.locator('.lesson-code')
  await code.locator('button:text("Edit and run")').press('Enter')
  return code
}
