import { admitted, initial, type State, stateFrom, textOf } from './controls.js'
import { figuresOf, lessonOf } from './folders.js'
import type { AnyLesson, Facts, Frame } from './lesson.js'
import { openRunner, type Runner } from './runner.js'
import { type Edits, type Order, tellFrames, type Told } from './work.js'

/** What a figure is told while it is computed. */
export interface Watcher {
  readonly started: () => void
  readonly frame: (frame: Frame) => void
  readonly ended: (how: 'done' | 'stopped') => void
  readonly failed: (text: string) => void
}

/** A lesson that is open in a page. Its whole state is in the page's address. */
export interface Session {
  readonly lesson: AnyLesson
  readonly state: () => State
  readonly set: (changes: State) => void
  readonly reset: (controls: readonly string[]) => void
  /** The word that was predicted, if one was. */
  readonly guess: (prediction: string) => string | undefined
  readonly setGuess: (prediction: string, word: string) => void
  /** Whether the address hides a control. */
  readonly isHidden: (control: string) => boolean
  /** The figure that fills the screen, if one does. */
  readonly slide: () => string | undefined
  readonly setSlide: (figure: string | undefined) => void
  /** Calls the listener after every change of any of these. */
  readonly onChange: (listener: () => void) => () => void
  /** Computes a figure now and whenever what it depends on changes. */
  readonly watch: (figure: string, watcher: Watcher) => Watched
  /** The numbers that a figure shows now. */
  readonly facts: (figure: string) => Facts
  /** A figure that is watched, if it is. */
  readonly watched: (figure: string) => Watched | undefined
  /** The reader's code that a figure is computed by, if there is some. */
  readonly edits: (figure: string) => Edits | undefined
  /** Has a figure computed by the reader's code, or by that of the page again. */
  readonly setEdits: (figure: string, edits: Edits | undefined) => void
  /** Calls the listener with all that is told of any figure. */
  readonly onTold: (listener: (told: Told) => void) => () => void
  readonly close: () => void
}

/** A figure that is being watched. */
export interface Watched {
  readonly stop: () => void
  readonly again: () => void
  readonly close: () => void
}

/** Changes follow one another faster than a browser lets an address be changed. */
const ADDRESS_AFTER = 200

/** Opens a lesson in the state that the page's address has. */
export const openSession = async (name: string): Promise<Session> => {
  const lesson = await lessonOf(name)
  const page = location.pathname
  const query = new URLSearchParams(location.search)
  const hidden = new Set((query.get('hide') ?? '').split(',').filter((control) => control !== ''))
  const listeners = new Set<() => void>()
  const hearers = new Set<(told: Told) => void>()
  const edits = new Map<string, Edits>()
  const watchers = new Map<
    string,
    Watcher & Watched & { readonly refresh: () => void; readonly isCurrent: (run: number) => boolean }
  >()
  const frames = new Map<string, Frame>()
  let state: State = stateFrom(lesson.controls, (control) => query.get(control))
  let timer: ReturnType<typeof setTimeout> | undefined
  let worker: Worker | undefined

  const writeAddress = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (location.pathname !== page) return
    for (const [control, value] of Object.entries(state)) query.set(control, textOf(value))
    history.replaceState(history.state, '', `?${query.toString().replaceAll('%2C', ',')}${location.hash}`)
  }
  const changed = (): void => {
    timer ??= setTimeout(writeAddress, ADDRESS_AFTER)
    for (const listener of listeners) listener()
    for (const { refresh } of watchers.values()) refresh()
  }
  const setParameter = (parameter: string, value: string | undefined): void => {
    if (value === undefined) query.delete(parameter)
    else query.set(parameter, value)
    changed()
  }
  const hear = ({ data }: MessageEvent<Told>): void => told(data)
  const told = (data: Told): void => {
    const watcher = watchers.get(data.figure)
    if (watcher?.isCurrent(data.run) !== true) return
    if (data.kind === 'frame') {
      frames.set(data.figure, data.frame)
      watcher.frame(data.frame)
    } else if (data.kind === 'error') watcher.failed(data.text)
    else if (data.kind !== 'log') watcher.ended(data.kind === 'end' ? 'done' : 'stopped')
    for (const hearer of hearers) hearer(data)
  }
  const order = (asked: Order): void => {
    if (worker === undefined) {
      worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
      worker.onmessage = hear
      worker.onerror = ({ message }) =>
        watchers.forEach(({ failed }, figure) => {
          if (lesson.figures[figure]?.where === 'worker') failed(message)
        })
    }
    worker.postMessage(asked)
  }

  // the library is loaded before a figure asks for it, on the side of the page where its figures are computed
  const places = new Set(Object.values(lesson.figures).map(({ where }) => where))
  if (places.has('worker')) order({ lesson: name, figure: '', run: 0 })
  if (places.has('page')) figuresOf(name).catch(() => undefined)

  const watch = (figure: string, watcher: Watcher): Watched => {
    const { where, controls, reads = [] } = lesson.figures[figure] ?? missing(name, figure)
    const relevant = (): string => JSON.stringify([...controls, ...reads].map((control) => state[control]))
    let [shown, runs] = ['', 0]
    let runner: Runner | undefined
    const orderStop = (run: number): void => {
      if (worker !== undefined && where === 'worker') order({ lesson: name, figure, run })
    }
    const start = async (): Promise<void> => {
      const run = ++runs
      watcher.started()
      const own = edits.get(figure)
      if (own === undefined) runner?.stop()
      else {
        orderStop(run)
        runner ??= openRunner(told)
        runner.order({ lesson: name, figure, run, state, edits: own })
        return
      }
      if (where === 'worker') {
        order({ lesson: name, figure, run, state })
        return
      }
      const draw = (await figuresOf(name))[figure] ?? missing(name, figure)
      await new Promise((resume) => requestAnimationFrame(resume))
      if (run === runs) await tellFrames({ figure, run }, draw, state, () => run === runs, told)
    }
    const again = (): void => {
      shown = relevant()
      start().catch((error: unknown) => watcher.failed(String(error)))
    }
    const halt = (): void => {
      runs++
      runner?.stop()
      orderStop(runs)
    }
    const refresh = (): void => {
      if (relevant() !== shown) again()
    }
    const stop = (): void => {
      told({ figure, run: runs, kind: 'stopped' })
      halt()
    }
    const close = (): void => {
      halt()
      watchers.delete(figure)
    }
    watchers.set(figure, { ...watcher, again, stop, close, refresh, isCurrent: (run) => run === runs })
    again()
    return { again, stop, close }
  }

  return {
    lesson,
    watch,
    state: () => state,
    set: (changes) => {
      const entries = Object.entries(changes).map(([control, value]) => {
        const known = lesson.controls[control]
        return [control, known === undefined ? value : admitted(known, value)] as const
      })
      state = { ...state, ...Object.fromEntries(entries) }
      changed()
    },
    reset: (controls) => {
      const start: State = initial(lesson.controls)
      state = { ...state, ...Object.fromEntries(controls.map((control) => [control, start[control]!])) }
      changed()
    },
    guess: (prediction) => query.get(`guess.${prediction}`) ?? undefined,
    setGuess: (prediction, word) => setParameter(`guess.${prediction}`, word),
    isHidden: (control) => hidden.has(control),
    slide: () => query.get('slides') ?? undefined,
    setSlide: (figure) => setParameter('slides', figure),
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    facts: (figure) => {
      const facts = frames.get(figure)?.facts
      return (fact) => facts?.find((one) => one.name === fact)?.value ?? NaN
    },
    watched: (figure) => watchers.get(figure),
    edits: (figure) => edits.get(figure),
    setEdits: (figure, own) => {
      if (own === undefined) edits.delete(figure)
      else edits.set(figure, own)
      watchers.get(figure)?.again()
    },
    onTold: (listener) => {
      hearers.add(listener)
      return () => hearers.delete(listener)
    },
    close: () => {
      if (timer !== undefined) writeAddress()
      worker?.terminate()
      listeners.clear()
      hearers.clear()
      watchers.clear()
    }
  }
}

const missing = (lesson: string, figure: string): never => {
  throw new Error(`${lesson} has no figure ${figure}`)
}
