import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { initial, type State, stateFrom } from '../../docs/lessons/frame/controls.js'
import type { AnyLesson } from '../../docs/lessons/frame/lesson.js'
import { lessons } from '../../docs/lessons/lessons.js'
import { blocksOf, factsOf, framesOf, opened } from './opened.js'

/** The start of a lesson with the controls that a figure declares; to read another is an error, as the figure would not follow it. */
const declared = ({ controls, figures }: AnyLesson, figure: string): State => {
  const { controls: own, reads = [] } = figures[figure]!
  const start: State = initial(controls)
  const [known, others] = [true, false].map((is) =>
    Object.keys(start).filter((control) => [...own, ...reads].includes(control) === is)
  )
  const state = Object.fromEntries(known!.map((control) => [control, start[control]!]))
  for (const control of others!)
    Object.defineProperty(state, control, {
      get: () => {
        throw new Error(`${figure} reads ${control}, which it does not declare`)
      }
    })
  return state
}

it('lists every page and folder', () => {
  const names = lessons.map(({ name }) => name)
  const entries = readdirSync(new URL('../../docs/lessons', import.meta.url)).filter((name) =>
    /^\d/.test(name)
  )
  expect(entries.sort()).toEqual(names.flatMap((name) => [name, `${name}.md`]).sort())
})

describe.each(opened)('$name', ({ name, page, opens, lesson, figures, numbers }) => {
  it('shows every figure, prediction and exercise that it has', () => {
    expect(blocksOf(page, 'Figure')).toEqual(Object.keys(lesson.figures))
    expect(Object.keys(figures).sort()).toEqual(Object.keys(lesson.figures).sort())
    expect(blocksOf(page, 'Predict')).toEqual(Object.keys(lesson.predictions))
    expect(blocksOf(page, 'Exercise')).toEqual(Object.keys(lesson.exercises))
    expect([...opens.values()]).toEqual(Object.keys(lesson.predictions))
    for (const figure of blocksOf(page, 'Code')) expect(lesson.figures).toHaveProperty(figure)
  })

  it('has at most three controls beside its seed and what is dragged', () => {
    // the worked network has four numbers
    const most = name === '04-kernel-by-hand' ? 4 : 3
    for (const { controls } of Object.values(lesson.figures))
      expect(
        controls.filter((control) => !['seed', 'points'].includes(lesson.controls[control]!.kind)).length
      ).toBeLessThanOrEqual(most)
  })

  it('shows the code of its figures', () => expect(page).toMatch(/^<<< \.\/[^#]+\.ts#/m))

  it('has answers among the options, and facts that exercises ask for', async () => {
    for (const { options, answer } of Object.values(lesson.predictions))
      expect(options).toHaveProperty(answer)
    for (const exercise of Object.values(lesson.exercises)) {
      if (exercise.kind === 'choice') expect(exercise.options).toHaveProperty(exercise.answer)
      if (exercise.kind === 'number')
        expect(Math.abs(exercise.wrong - exercise.answer)).toBeGreaterThan(exercise.within)
      if (exercise.kind === 'reach') {
        const start: State = initial(lesson.controls)
        const isReached = async (state: State) =>
          exercise.reached(factsOf((await framesOf(figures[exercise.figure]!, state)).at(-1)!), state)
        expect(await isReached(start)).toBe(false)
        expect(await isReached({ ...start, ...exercise.example })).toBe(true)
      }
    }
  })

  it.each(Object.keys(lesson.figures))('draws %s with descriptions', async (figure) => {
    const frames = await framesOf(figures[figure]!, declared(lesson, figure))
    for (const { views, executed, say, facts } of frames) {
      expect(views.length).toBeGreaterThan(0)
      expect(facts.length).toBeGreaterThan(0)
      for (const text of [executed, say, ...views.flatMap(({ title, describe: text }) => [title, text])])
        expect(text.length).toBeGreaterThan(2)
      for (const { body } of views) expect(body).not.toMatch(/NaN|undefined|Infinity/)
    }
    expect(frames.at(-1)!.progress ?? 1).toBe(1)
  })

  it.each(numbers)('$says', async ({ figure, query, hold }) => {
    const parameters = new URLSearchParams(query)
    const state = stateFrom(lesson.controls, (name) => parameters.get(name))
    hold(factsOf((await framesOf(figures[figure]!, state)).at(-1)!))
  })
})
