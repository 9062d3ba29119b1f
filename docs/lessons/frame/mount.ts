import { mountCode } from './code.js'
import { mountFigure } from './figure.js'
import { mountExercise, mountPrediction } from './questions.js'
import { openSession, type Session } from './session.js'

/** A block of a lesson in its page, before anything is in it. */
export interface Block {
  readonly kind: 'figure' | 'predict' | 'exercise' | 'code'
  readonly lesson: string
  readonly id: string
  /** The element that the block fills. */
  readonly host: HTMLElement
  /** The prediction that opens a figure. */
  readonly after: string | undefined
  /** What is hidden at first: the answer of a prediction, the hint of an exercise. */
  readonly more: HTMLElement | undefined
}

/** The session of a page, and how many blocks use it. */
const open = new Map<string, { readonly session: Promise<Session>; blocks: number }>()

const entryOf = (lesson: string) => {
  const entry = open.get(lesson) ?? { session: openSession(lesson), blocks: 0 }
  open.set(lesson, entry)
  return entry
}

/** Loads what a lesson needs while its page is still being brought to life; an address that is none of a lesson loads nothing. */
export const loadEarly = (path: string): void => {
  const lesson = /\/lessons\/(\d\d-[a-z-]+)(\.html)?$/.exec(path)?.[1]
  // a block that is mounted says what went wrong
  if (lesson !== undefined) entryOf(lesson).session.catch(() => undefined)
}

/** Brings a block to life; what it returns takes it out of the page again. */
export const mountBlock = async ({ kind, lesson, id, host, after, more }: Block): Promise<() => void> => {
  const entry = entryOf(lesson)
  entry.blocks++
  const session = await entry.session
  const mounts = {
    figure: () => mountFigure(session, host, id, after),
    predict: () => mountPrediction(session, host, id, more),
    exercise: () => mountExercise(session, host, id, more),
    code: () => mountCode(session, host, id)
  }
  const unmount = mounts[kind]()
  return () => {
    unmount()
    if (--entry.blocks > 0) return
    session.close()
    open.delete(lesson)
  }
}
