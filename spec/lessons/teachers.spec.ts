import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { numberIn } from '../../docs/lessons/frame/answer.js'
import { answersOf } from '../../docs/lessons/frame/answers.js'
import { initial, type State, stateFrom, textOf } from '../../docs/lessons/frame/controls.js'
import { factsOf, framesOf, opened } from './opened.js'

const page = readFileSync(fileURLToPath(new URL('../../docs/lessons/teachers.md', import.meta.url)), 'utf8')

/** The prepared links of the page: a lesson and a query. */
const links = [...page.matchAll(/\]\((\d\d-[a-z-]+)\.md\?([^)]+)\)/g)].map(
  ([, name, query]) => [name!, query!] as const
)

/** What is wrong with a parameter of a link, if anything is. */
const faultOf = (
  name: string,
  parameter: string,
  text: string,
  query: URLSearchParams
): string | undefined => {
  const lesson = opened.find((one) => one.name === name)?.lesson
  if (lesson === undefined) return `no lesson ${name}`
  if (parameter === 'slides') return Object.hasOwn(lesson.figures, text) ? undefined : `no figure ${text}`
  if (parameter === 'hide') return text.split(',').find((control) => !Object.hasOwn(lesson.controls, control))
  const prediction = /^guess\.(.+)$/.exec(parameter)?.[1]
  if (prediction !== undefined) {
    const options = lesson.predictions[prediction]?.options
    return options !== undefined && (text === 'none' || Object.hasOwn(options, text))
      ? undefined
      : `no guess ${text}`
  }
  if (!Object.hasOwn(lesson.controls, parameter)) return `no control ${parameter}`
  const state: State = stateFrom(lesson.controls, (control) => query.get(control))
  const kept = textOf(state[parameter]!)
  return kept === text ? undefined : `${parameter} becomes ${kept}`
}

it('has links to most lessons', () => expect(new Set(links.map(([name]) => name)).size).toBeGreaterThan(7))

it.each(links)('prepares a state that %s can have: %s', (name, query) => {
  const parameters = new URLSearchParams(query)
  expect([...parameters].flatMap(([one, text]) => faultOf(name, one, text, parameters) ?? [])).toEqual([])
})

it('notices a state that a lesson cannot have', () => {
  const fault = (query: string) => {
    const parameters = new URLSearchParams(query)
    const [parameter, text] = [...parameters][0]!
    return faultOf('05-width', parameter, text, parameters)
  }
  expect(['width=9', 'depth=8', 'slides=none', 'hide=width,depth', 'guess.four=eight'].map(fault)).toEqual([
    'width becomes 8',
    'no control depth',
    'no figure none',
    'depth',
    'no guess eight'
  ])
})

describe.each(opened)('$name', ({ lesson, figures }) => {
  it('has the answers that its page checks', async () => {
    const answers = answersOf(lesson)
    const { predictions, exercises } = lesson
    expect(answers).toHaveLength(Object.keys({ ...predictions, ...exercises }).length)
    const keys = answers.slice(Object.keys(predictions).length)
    for (const [i, exercise] of Object.values(exercises).entries()) {
      const { answer, query } = keys[i]!
      if (exercise.kind === 'number')
        expect(Math.abs(numberIn(answer)! - exercise.answer)).toBeLessThanOrEqual(exercise.within)
      if (exercise.kind === 'choice') expect(answer).toBe(exercise.options[exercise.answer])
      if (exercise.kind === 'reach') {
        const parameters = new URLSearchParams(query)
        const state: State = stateFrom(lesson.controls, (name) => parameters.get(name))
        expect(state).toEqual({ ...initial(lesson.controls), ...exercise.example })
        const last = (await framesOf(figures[exercise.figure]!, state)).at(-1)!
        expect(exercise.reached(factsOf(last), state)).toBe(true)
      }
    }
  })
})
