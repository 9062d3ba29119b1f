import { type Choice, type Line, nearest, type Range, type Seed } from './controls.js'
import { button, el } from './dom.js'
import { showNumber } from '../../../lib/report/plot/axis.js'
import type { Session } from './session.js'

/** A control in the page: its elements, and how it takes the state over when that changes. */
interface Input {
  readonly element: HTMLElement
  readonly refresh: () => void
}

const slider = (session: Session, name: string, { label, values }: Range): Input => {
  const input = el('input', { type: 'range', name, min: 0, max: values.length - 1, step: 1 })
  const shown = el('output', {})
  input.addEventListener('input', () => session.set({ [name]: values[Number(input.value)]! }))
  return {
    element: el('label', { class: 'lesson-range' }, el('span', {}, label), input, shown),
    refresh: () => {
      const value = Number(session.state()[name])
      input.value = String(nearest(values, value))
      input.setAttribute('aria-valuetext', showNumber(value))
      shown.textContent = showNumber(value)
    }
  }
}

const radios = (session: Session, name: string, { label, options }: Choice, id: string): Input => {
  const inputs = Object.entries(options).map(([word, text]) => {
    const input = el('input', { type: 'radio', name: `${id}-${name}`, value: word })
    input.addEventListener('change', () => session.set({ [name]: word }))
    return { input, element: el('label', {}, input, el('span', {}, text)) }
  })
  return {
    element: el(
      'fieldset',
      { class: 'lesson-choice', 'data-control': name },
      el('legend', {}, label),
      ...inputs.map(({ element }) => element)
    ),
    refresh: () => {
      for (const { input } of inputs) input.checked = input.value === session.state()[name]
    }
  }
}

const lineInput = (session: Session, name: string, { label, examples }: Line): Input => {
  const input = el('input', { type: 'text', name, spellcheck: 'false', autocomplete: 'off' })
  input.addEventListener('change', () => session.set({ [name]: input.value }))
  const buttons = Object.entries(examples).map(([text, value]) =>
    button(text, () => session.set({ [name]: value }))
  )
  return {
    element: el('div', { class: 'lesson-line' }, el('label', {}, el('span', {}, label), input), ...buttons),
    refresh: () => {
      input.value = String(session.state()[name])
    }
  }
}

const seedInput = (session: Session, name: string, { label }: Seed): Input => {
  const input = el('input', { type: 'number', name, min: 0, max: 999_999, step: 1 })
  input.addEventListener('change', () => session.set({ [name]: input.valueAsNumber }))
  const another = button('another draw', () => session.set({ [name]: Number(session.state()[name]) + 1 }))
  return {
    element: el('span', { class: 'lesson-seed' }, el('label', {}, el('span', {}, label), input), another),
    refresh: () => {
      input.value = String(session.state()[name])
    }
  }
}

/** The input of a control, or nothing where it is hidden or dragged in the figure. */
export const inputOf = (session: Session, name: string, id: string): Input | undefined => {
  const control = session.lesson.controls[name]
  if (control === undefined) throw new Error(`there is no control ${name}`)
  if (control.kind === 'seed') return seedInput(session, name, control)
  if (control.kind === 'points' || session.isHidden(name)) return undefined
  if (control.kind === 'line') return lineInput(session, name, control)
  return control.kind === 'range' ? slider(session, name, control) : radios(session, name, control, id)
}
