import { textOf } from './controls.js'
import type { AnyLesson } from './lesson.js'

/** The answer of a question of a lesson, as a teacher reads it. */
export interface Answer {
  /** `Prediction 1`, `Exercise 2`: in the order of the page. */
  readonly question: string
  readonly answer: string
  /** The state of the page that is an answer, where a figure is to be brought to one. */
  readonly query?: string
}

/** A number with more digits than any page asks for. */
const numberText = (value: number): string => String(Number(value.toPrecision(6))).replace('-', '−')

/** The answers of all questions of a lesson: the very ones by which the page checks them. */
export const answersOf = ({ predictions, exercises }: AnyLesson): readonly Answer[] => [
  ...Object.values(predictions).map(({ options, answer }, i) => ({
    question: `Prediction ${i + 1}`,
    answer: options[answer] ?? answer
  })),
  ...Object.values(exercises).map((exercise, i): Answer => {
    const question = `Exercise ${i + 1}`
    if (exercise.kind === 'choice') return { question, answer: exercise.options[exercise.answer] ?? '' }
    if (exercise.kind === 'number') return { question, answer: numberText(exercise.answer) }
    const changes = Object.entries(exercise.example).map(([name, value]) => [name, textOf(value)] as const)
    return {
      question,
      answer: changes.map(([name, value]) => `${name} = ${value}`).join(', '),
      query: changes.map(([name, value]) => `${name}=${value}`).join('&')
    }
  })
]
