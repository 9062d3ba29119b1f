import { showNumber } from '../../../lib/report/plot/axis.js'
import { all, button, el, listen } from './dom.js'
import { dragHandles } from './handles.js'
import { inputOf } from './inputs.js'
import type { Fact, Frame, Handle, View } from './lesson.js'
import type { Session } from './session.js'
import { element, fragment, type Markup } from './plots.js'

/** About how wide a letter of a name is. */
const LETTER = 8

const handleMarkup = (
  { label, text, at: [cx, cy], colour = 'var(--c1)' }: Handle,
  place: string,
  width: number
): Markup => {
  // a name that would be cut off is on the left
  const aside = cx + 11 + LETTER * label.length > width ? -11 : 11
  return element(
    'g',
    {
      'data-handle': place,
      tabindex: 0,
      role: 'slider',
      'aria-label': label,
      'aria-valuetext': text,
      'aria-valuenow': 0
    },
    element('circle', { class: 'reach', cx, cy, r: 20 }),
    element('circle', { class: 'grip', cx, cy, r: 8, fill: colour }),
    element(
      'text',
      { class: 'name', x: cx + aside, y: cy - 9, 'text-anchor': aside < 0 ? 'end' : 'start', fill: colour },
      label
    )
  )
}

/** A view as HTML: its title, the picture with its description, and its legend. */
const viewMarkup = (view: View, place: number): string => {
  const { title, describe, width, height, body, legend = [], handles = [] } = view
  const look = {
    role: handles.length > 0 ? 'group' : 'img',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height
  }
  const inside = { _tag: 'Markup', text: body } as const
  return element(
    'div',
    { class: 'lesson-view', style: `--natural: ${width}px` },
    element('p', { class: 'lesson-view-title' }, title),
    element(
      'svg',
      { ...look, 'aria-label': `${title}. ${describe}` },
      inside,
      ...handles.map((handle, i) => handleMarkup(handle, `${place}-${i}`, width))
    ),
    legend.length === 0
      ? fragment()
      : element(
          'p',
          { class: 'lesson-legend' },
          ...legend.map(({ name, colour, key }) =>
            element('span', { 'data-key': key, style: `--colour: ${colour}` }, name)
          )
        )
  ).text
}

const factMarkup = ({ name, label, value, text = showNumber(value), key }: Fact): string =>
  element(
    'div',
    { 'data-fact': name, 'data-value': value.toPrecision(12), 'data-key': key },
    element('dt', {}, label),
    element('dd', {}, text)
  ).text

/** What is marked in one figure is marked in all of the page. */
const markTogether = (host: HTMLElement): readonly (() => void)[] => {
  let lit: string | undefined
  const mark = (key: string | undefined): void => {
    if (key === lit) return
    lit = key
    for (const each of document.querySelectorAll('[data-key]'))
      each.classList.toggle('is-lit', key !== undefined && each.getAttribute('data-key') === key)
    for (const figure of document.querySelectorAll('.lesson-figure'))
      figure.classList.toggle('has-lit', key !== undefined)
  }
  const keyAt = (target: EventTarget | null): string | undefined =>
    (target instanceof Element && target.closest('[data-key]')?.getAttribute('data-key')) || undefined
  return [
    listen(host, 'pointerover', ({ target }) => mark(keyAt(target))),
    listen(host, 'pointerleave', () => mark(undefined))
  ]
}

/** Moves from figure to figure by the keys of a presenter, and back to the page by Escape. */
const slideKeys = (session: Session, name: string): (() => void) =>
  listen(document, 'keydown', ({ key, target }) => {
    if (session.slide() !== name) return
    const figures = Object.keys(session.lesson.figures)
    const step = key === 'PageDown' ? 1 : key === 'PageUp' ? -1 : 0
    if (key === 'Escape') session.setSlide(undefined)
    else if (step !== 0 && !(target instanceof HTMLInputElement && target.type === 'number'))
      // after this key has been heard by every figure
      setTimeout(() =>
        session.setSlide(figures[(figures.indexOf(name) + step + figures.length) % figures.length])
      )
  })

/** Live regions that change with every move of a slider are never read to their end. */
const SAY_AFTER = 600

/** Puts a figure into the page: controls, pictures, numbers, and who computed them. */
export const mountFigure = (
  session: Session,
  host: HTMLElement,
  name: string,
  after?: string
): (() => void) => {
  const figure = session.lesson.figures[name]
  if (figure === undefined) throw new Error(`there is no figure ${name}`)
  const inputs = figure.controls.flatMap((control) => inputOf(session, control, name) ?? [])
  const isRandom = [...figure.controls, ...(figure.reads ?? [])].some(
    (control) => session.lesson.controls[control]?.kind === 'seed'
  )

  const views = el('div', { class: 'lesson-views' })
  const code = el('pre', { class: 'lesson-program', tabindex: 0, 'aria-label': 'program', hidden: true })
  const facts = el('dl', { class: 'lesson-facts' })
  const executed = el('span', { class: 'lesson-executed' })
  const progress = el('progress', { max: 1, 'aria-label': 'progress' })
  const say = el('p', { class: 'visually-hidden', role: 'status' })
  const fault = el('p', { class: 'lesson-fault', role: 'alert', hidden: true })
  const stop = button('Stop', () => watched?.stop(), { hidden: '' })
  const again = button('Run', () => watched?.again(), { hidden: '' })
  const screen = button('Full screen', () => session.setSlide(session.slide() === name ? undefined : name))
  const locked = el(
    'p',
    { class: 'lesson-locked' },
    'The figure is shown once you have answered the question above.'
  )
  const body = el(
    'div',
    { class: 'lesson-body' },
    el('div', { class: 'lesson-controls' }, ...inputs.map(({ element: one }) => one)),
    views,
    code,
    facts,
    el(
      'div',
      { class: 'lesson-status' },
      executed,
      progress,
      stop,
      again,
      el('span', { class: 'lesson-random' }, isRandom ? '' : 'nothing here is random'),
      el(
        'span',
        { class: 'lesson-buttons' },
        button('Reset', () => session.reset(figure.controls)),
        screen
      )
    ),
    fault,
    say
  )
  const title = el('p', { class: 'lesson-title', id: `figure-${name}` }, figure.title)
  host.append(title, locked, body)
  host.setAttribute('role', 'group')
  host.setAttribute('aria-labelledby', `figure-${name}`)

  const isEdited = (): boolean => session.edits(name) !== undefined
  let shown: readonly View[] = []
  let saying: ReturnType<typeof setTimeout> | undefined
  const show = (frame: Frame): void => {
    const focused = document.activeElement?.getAttribute('data-handle')
    shown = frame.views
    views.innerHTML = shown.map(viewMarkup).join('')
    if (typeof focused === 'string') views.querySelector<SVGElement>(`[data-handle="${focused}"]`)?.focus()
    code.hidden = frame.code === undefined
    code.textContent = frame.code ?? ''
    facts.innerHTML = frame.facts.map(factMarkup).join('')
    executed.textContent = `computed by ${frame.executed}${isEdited() ? ', with your code' : ''}`
    progress.value = frame.progress ?? 1
    clearTimeout(saying)
    saying = setTimeout(() => {
      say.textContent = frame.say
    }, SAY_AFTER)
  }
  const running = (is: boolean): void => {
    stop.hidden = progress.hidden = !(is && (figure.where === 'worker' || isEdited()))
    again.hidden = true
    host.dataset.state = is ? 'running' : 'done'
  }
  let watched: ReturnType<Session['watch']> | undefined
  const open = (): void => {
    watched ??= session.watch(name, {
      started: () => {
        fault.hidden = true
        running(true)
      },
      frame: show,
      ended: (how) => {
        running(false)
        again.hidden = how === 'done'
        if (how === 'stopped') executed.textContent = `stopped; ${executed.textContent}`
      },
      failed: (text) => {
        running(false)
        host.dataset.state = 'failed'
        fault.hidden = false
        fault.textContent = text
      }
    })
  }
  const refresh = (): void => {
    const isOpen = after === undefined || session.guess(after) !== undefined || session.slide() === name
    locked.hidden = isOpen
    body.hidden = !isOpen
    if (isOpen) open()
    for (const input of inputs) input.refresh()
    const isSlide = session.slide() === name
    host.classList.toggle('is-slide', isSlide)
    screen.textContent = isSlide ? 'Back to the page' : 'Full screen'
    document.body.classList.toggle('has-slide', session.slide() !== undefined)
  }
  refresh()
  return all(
    session.onChange(refresh),
    ...markTogether(host),
    ...dragHandles(host, session, (view, handle) => shown[view]?.handles?.[handle]),
    slideKeys(session, name),
    () => {
      clearTimeout(saying)
      watched?.close()
      document.body.classList.remove('has-slide')
      host.replaceChildren()
    }
  )
}
