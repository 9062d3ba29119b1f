import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { ExperimentProgress } from '../experiment/index.js'

/** The two streams that a program talks to, and what the person in front of them wants. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether `err` is a terminal, on which a line can be drawn over. */
  readonly interactive: boolean
  /** Whether the person wants an experiment to end: see `stop` of `experiment.run`. */
  readonly stop?: Task<boolean>
}

const WIDTH = 24

/** `████████░░░░░░░░  42 %  ticket-0.2-seed0  training  530/1260  loss 0.341  12 s left` */
const barOf = (shown: ExperimentProgress, left: string): string => {
  const share = shown.total === 0 ? 1 : shown.done / shown.total
  const full = Math.round(share * WIDTH)
  const percent = `${Math.floor(share * 100)} %`.padStart(5)
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${percent}  ${lineOf(shown, left)}`
}

const lineOf = ({ run, phase, done, total, note }: ExperimentProgress, left: string): string =>
  `${run}  ${phase}  ${done}/${total}  ${note}${left}`

/** Milliseconds as a person says them: `12 s`, `3 min`, `2 h 5 min`. */
const duration = (ms: number): string => {
  const minutes = Math.round(ms / 60_000)
  if (ms < 90_000) return `${Math.ceil(ms / 1000)} s`
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Shows progress; `note` writes a line that stays, `clear` removes the bar. */
export interface Display {
  readonly progress: (progress: ExperimentProgress) => IO<void>
  readonly note: (line: string) => IO<void>
  readonly clear: IO<void>
}

/** Milliseconds between two drawings of the bar, between two lines where there is no terminal, and before time left is shown. */
const [REDRAW, REPEAT, KNOWN] = [100, 10_000, 1000]

/**
 * A bar that is drawn over and over on a terminal; elsewhere a line at the start and the end of each phase, and every ten
 * seconds between. A run that is finished leaves a line on both. The time left is that of the phase, at the pace since it began.
 */
export const display = (
  { err, interactive }: Terminal,
  clock: IO<number> = () => performance.now()
): Display => {
  const erase = interactive ? '\r\u001b[K' : ''
  let last = { phase: '', at: -Infinity }
  let begun = { at: 0, done: 0 }
  const timeLeft = ({ done, total }: ExperimentProgress, now: number): string => {
    const [passed, advanced] = [now - begun.at, done - begun.done]
    if (passed < KNOWN || advanced <= 0 || done >= total) return ''
    return `  ${duration((passed / advanced) * (total - done))} left`
  }
  const draw = (shown: ExperimentProgress): void => {
    const [now, phase] = [clock(), `${shown.run} ${shown.phase}`]
    const isFinished = shown.phase === 'finished'
    const isDue =
      phase !== last.phase ||
      (!interactive && shown.done >= shown.total) ||
      now - last.at >= (interactive ? REDRAW : REPEAT)
    if (!isDue && !isFinished) return
    if (phase !== last.phase) begun = { at: now, done: shown.done }
    last = { phase, at: now }
    if (isFinished) err(`${erase}${shown.run}  ${shown.note}\n`)
    else {
      const left = timeLeft(shown, now)
      err(interactive ? erase + barOf(shown, left) : `${lineOf(shown, left)}\n`)
    }
  }
  return {
    progress: (shown) => () => draw(shown),
    note: (line) => () => err(`${erase}${line}\n`),
    clear: () => err(erase)
  }
}
