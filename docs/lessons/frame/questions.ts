import { numberIn } from './answer.js'
import { all, button, el } from './dom.js'
import type { Exercise } from './lesson.js'
import type { Session } from './session.js'

/** Buttons for a few words, in the order in which they are written. */
const wordButtons = (
  options: Readonly<Record<string, string>>,
  act: (word: string) => void
): readonly (readonly [string, HTMLButtonElement])[] =>
  Object.entries(options).map(([word, text]) => [word, button(text, () => act(word), { 'data-word': word })])

/** The question before a figure: what is chosen opens the figure, and the answer below the question. */
export const mountPrediction = (
  session: Session,
  host: HTMLElement,
  id: string,
  answer?: HTMLElement
): (() => void) => {
  const prediction = session.lesson.predictions[id]
  if (prediction === undefined) throw new Error(`there is no prediction ${id}`)
  const buttons = wordButtons(prediction.options, (word) => session.setGuess(id, word))
  const verdict = el('p', { class: 'lesson-verdict', role: 'status' })
  const skip = button('show without a guess', () => session.setGuess(id, 'none'), { class: 'lesson-quiet' })
  host.append(el('div', { class: 'lesson-options' }, ...buttons.map(([, one]) => one), skip), verdict)

  const refresh = (): void => {
    const guess = session.guess(id)
    for (const [word, one] of buttons) {
      one.setAttribute('aria-pressed', String(word === guess))
      one.classList.toggle('is-right', guess !== undefined && word === prediction.answer)
      one.classList.toggle('is-wrong', word === guess && word !== prediction.answer)
    }
    skip.hidden = guess !== undefined
    verdict.textContent =
      guess === undefined || guess === 'none'
        ? ''
        : guess === prediction.answer
          ? 'Right: see it in the figure.'
          : `Not so: it is “${prediction.options[prediction.answer] ?? ''}”. See why in the figure.`
    if (answer !== undefined) answer.hidden = guess === undefined
  }
  refresh()
  return all(session.onChange(refresh), () => host.replaceChildren())
}

/** What takes an answer, and whether the one that is given is right; undefined where none is given. */
interface Asked {
  readonly elements: readonly HTMLElement[]
  readonly isRight: () => boolean | undefined
}

const asked = (session: Session, exercise: Exercise, id: string): Asked => {
  if (exercise.kind === 'number') {
    const input = el('input', { type: 'text', inputmode: 'text', size: 10, autocomplete: 'off', name: id })
    return {
      elements: [el('label', {}, el('span', {}, 'your answer'), input)],
      isRight: () => {
        const given = numberIn(input.value)
        return given === undefined ? undefined : Math.abs(given - exercise.answer) <= exercise.within
      }
    }
  }
  if (exercise.kind === 'choice') {
    let given: string | undefined
    const buttons = wordButtons(exercise.options, (word) => {
      given = word
      for (const [other, one] of buttons) one.setAttribute('aria-pressed', String(other === word))
    })
    return {
      elements: buttons.map(([, one]) => one),
      isRight: () => (given === undefined ? undefined : given === exercise.answer)
    }
  }
  return {
    elements: [],
    isRight: () => exercise.reached(session.facts(exercise.figure), session.state())
  }
}

/** An exercise: an answer that is checked, and a hint. */
export const mountExercise = (
  session: Session,
  host: HTMLElement,
  id: string,
  hint?: HTMLElement
): (() => void) => {
  const exercise = session.lesson.exercises[id]
  if (exercise === undefined) throw new Error(`there is no exercise ${id}`)
  const { elements, isRight } = asked(session, exercise, id)
  const verdict = el('p', { class: 'lesson-verdict', role: 'status' })
  const check = (): void => {
    const right = isRight()
    host.dataset.verdict = right === undefined ? 'none' : right ? 'right' : 'wrong'
    verdict.textContent =
      right === undefined
        ? exercise.kind === 'number'
          ? 'Write a number, such as 0.75 or 3/4.'
          : 'Choose an answer first.'
        : right
          ? 'Right.'
          : exercise.kind === 'reach'
            ? 'The figure does not show it yet.'
            : 'Not yet. Try again, or take the hint.'
  }
  const form = el(
    'form',
    { class: 'lesson-options' },
    ...elements,
    el(
      'button',
      { type: 'submit', class: 'lesson-check' },
      exercise.kind === 'reach' ? 'Check the figure' : 'Check'
    )
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    check()
  })
  const toggle = button(
    'Hint',
    () => {
      if (hint === undefined) return
      hint.hidden = !hint.hidden
      toggle.setAttribute('aria-expanded', String(!hint.hidden))
    },
    { class: 'lesson-quiet', 'aria-expanded': 'false' }
  )
  if (hint !== undefined) form.append(toggle)
  host.append(form, verdict)
  return () => host.replaceChildren()
}
