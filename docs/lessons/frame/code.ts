import { showNumber } from '../../../lib/report/plot/axis.js'
import { all, button, el, listen } from './dom.js'
import type { Fact } from './lesson.js'
import type { Session } from './session.js'
import type { Told } from './work.js'

/** A region of the code beside the host, as the page shows it. */
interface Region {
  readonly name: string
  readonly code: string
  readonly shown: HTMLElement
}

const regionsBeside = (host: HTMLElement): readonly Region[] =>
  Array.from(
    host.closest('details')?.querySelectorAll<HTMLElement>('[data-region]') ?? [],
    (shown): Region => ({
      shown,
      name: shown.dataset.region ?? '',
      code: shown.querySelector('code')?.textContent.trimEnd() ?? ''
    })
  )

/** A number of a figure, with what it was before the code ran where it is another one now. */
const factText = ({ label, value, text = showNumber(value) }: Fact, before: number): string => {
  const was =
    Number.isNaN(before) || showNumber(before) === showNumber(value) ? '' : `, before: ${showNumber(before)}`
  return `${label} = ${text}${was}`
}

/** Lets the code of a figure be edited and run: the figure is then drawn by it. */
export const mountCode = (session: Session, host: HTMLElement, figure: string): (() => void) => {
  const regions = regionsBeside(host)
  const inputs = regions.map(({ name, code }) => {
    const rows = code.split('\n').length + 1
    const input = el('textarea', { name, rows, spellcheck: 'false', autocapitalize: 'off', wrap: 'off' })
    input.value = code
    input.setSelectionRange(0, 0)
    return input
  })
  const status = el('p', { class: 'lesson-verdict', role: 'status' })
  const fault = el('p', { class: 'lesson-fault', role: 'alert', hidden: true })
  const facts = el('ul', { class: 'lesson-numbers', hidden: true })
  const log = el('pre', { class: 'lesson-log', tabindex: 0, 'aria-label': 'console', hidden: true })

  let before = session.facts(figure)
  const run = (): void => {
    fault.hidden = log.hidden = facts.hidden = true
    log.textContent = ''
    before = session.facts(figure)
    if (session.watched(figure) === undefined) {
      status.textContent = 'The figure is shown once you have answered the question above it.'
      return
    }
    status.textContent = 'Running …'
    host.dataset.state = 'running'
    stop.hidden = false
    session.setEdits(figure, Object.fromEntries(inputs.map(({ name, value }) => [name, value])))
  }
  const hear = (told: Told): void => {
    if (told.figure !== figure || session.edits(figure) === undefined) return
    if (told.kind === 'log') {
      log.hidden = false
      log.append(`${told.text}\n`)
    } else if (told.kind === 'frame') {
      facts.hidden = false
      facts.replaceChildren(
        ...told.frame.facts.map((fact) => el('li', {}, factText(fact, before(fact.name))))
      )
    } else {
      // what a slider changes afterwards is not the doing of the code
      before = () => NaN
      stop.hidden = true
      host.dataset.state = told.kind === 'error' ? 'failed' : told.kind
      status.textContent = {
        end: 'Done: the figure is drawn by this code.',
        stopped: 'Stopped.',
        error: ''
      }[told.kind]
      fault.hidden = told.kind !== 'error'
      fault.textContent = told.kind === 'error' ? told.text : ''
    }
  }
  const undo = (): void => {
    inputs.forEach((input, i) => (input.value = regions[i]!.code))
    fault.hidden = log.hidden = facts.hidden = stop.hidden = true
    status.textContent = 'The figure is drawn by the code of the page.'
    host.dataset.state = 'page'
    session.setEdits(figure, undefined)
  }
  const stop = button('Stop', () => session.watched(figure)?.stop(), { hidden: '' })
  const start = button('Run', run)
  const editor = el(
    'div',
    { class: 'lesson-editor', hidden: true },
    ...inputs.map((input) => el('label', {}, el('span', {}, `code: ${input.name}`), input)),
    el(
      'div',
      { class: 'lesson-status' },
      start,
      stop,
      button('Code of the page', undo),
      el('span', {}, 'Control and Enter run it, Escape leaves the editor.')
    ),
    status,
    fault,
    facts,
    log
  )
  const open = button('Edit and run', () => {
    open.hidden = true
    editor.hidden = false
    for (const { shown } of regions) shown.hidden = true
    inputs[0]?.focus()
  })
  host.append(open, editor)

  return all(
    session.onTold(hear),
    listen(editor, 'keydown', (event) => {
      const { key, ctrlKey, metaKey, target } = event
      if (!(target instanceof HTMLTextAreaElement)) return
      if (key === 'Escape') {
        event.stopPropagation()
        start.focus()
      } else if (key === 'Enter' && (ctrlKey || metaKey)) {
        event.preventDefault()
        run()
      }
    }),
    () => {
      for (const { shown } of regions) shown.hidden = false
      host.replaceChildren()
    }
  )
}
