import type { Locator } from 'playwright'
import { expect } from 'vitest'
import { type State, textOf } from '../../docs/lessons/frame/controls.js'
import type { Exercise } from '../../docs/lessons/frame/lesson.js'
import type { LessonPage } from './lesson-page.js'

/** A state as the address of a page has it. */
export const queryOf = (state: State): string =>
  new URLSearchParams(
    Object.fromEntries(Object.entries(state).map(([name, value]) => [name, textOf(value)]))
  ).toString()

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
  { page, open, settled }: LessonPage,
  id: string,
  exercise: Exercise,
  isRight: boolean,
  answered: string
): Promise<void> => {
  if (exercise.kind === 'reach') {
    await open(`${answered}&${isRight ? queryOf(exercise.example) : ''}`)
    await settled()
  }
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
