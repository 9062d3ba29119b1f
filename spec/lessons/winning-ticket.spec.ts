import { expect, it } from 'vitest'
import { lesson } from '../../docs/lessons/13-winning-ticket/lesson.js'
import { searchOf, trainingsOf } from '../../docs/lessons/13-winning-ticket/model.js'
import { figures } from '../../docs/lessons/13-winning-ticket/view.js'
import { initial } from '../../docs/lessons/frame/controls.js'
import type { Frame } from '../../docs/lessons/frame/lesson.js'
import { factsOf, framesOf } from './opened.js'

const state = { ...initial(lesson.controls), steps: 10, seed: 4 }

const has = (name: string) => (frame: Frame) => frame.facts.some((fact) => fact.name === name)

it('shows what it does and from what it starts before a step is taken', async () => {
  const frames = await framesOf(figures.search, state)
  expect(frames[0]!.facts[0]!.text).toBe('0 of 10: the engine is loaded')
  const scored = frames.find(has('scoreFirst'))!
  expect(factsOf(scored)('taken')).toBe(0)
  expect(has('before')(scored)).toBe(false)
  expect(scored.views[1]!.body).toContain('<rect')
  const measured = frames.find(has('before'))!
  expect(factsOf(measured)('taken')).toBe(0)
  expect(measured.views[0]!.body).toContain('<circle')
})

it('takes a search that was made for one figure, in the other and in the same', async () => {
  const [first] = await framesOf(figures.search, state)
  expect(first!.facts[0]!.text).toBe('10 of 10: done')
})

it('tells what was found although the search ended while a frame was being shown', async () => {
  const ask = { ...state, seed: 5 }
  const search = searchOf(ask)
  expect((await search.next()).value).toMatchObject({ history: [] })
  expect((await search.next()).value).not.toHaveProperty('after')
  const trainings = trainingsOf(ask, 1)
  await trainings.next()
  // waits for the search, of which no frame is taken meanwhile
  await trainings.next()
  expect((await search.next()).value).toHaveProperty('after.kernel')
  await trainings.return(undefined)
  expect((await search.next()).done).toBe(true)
})
