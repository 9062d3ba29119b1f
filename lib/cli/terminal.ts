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

/** `████████░░░░░░░░  42 %  ticket-0.2-seed0  training  530/1260  loss 0.341` */
const barOf = (shown: ExperimentProgress): string => {
  const share = shown.total === 0 ? 1 : shown.done / shown.total
  const full = Math.round(share * WIDTH)
  const percent = `${Math.floor(share * 100)} %`.padStart(5)
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${percent}  ${lineOf(shown)}`
}

const lineOf = ({ run, phase, done, total, note }: ExperimentProgress): string =>
  `${run}  ${phase}  ${done}/${total}  ${note}`

/** Shows progress; `note` writes a line that stays, `clear` removes the bar. */
export interface Display {
  readonly progress: (progress: ExperimentProgress) => IO<void>
  readonly note: (line: string) => IO<void>
  readonly clear: IO<void>
}

/** Milliseconds between two drawings of the bar, and between two lines where there is no terminal. */
const [REDRAW, REPEAT] = [100, 10_000]

/**
 * A bar that is drawn over and over on a terminal; elsewhere a line at the start and the end of each phase, and every ten
 * seconds between. A run that is finished leaves a line on both.
 */
export const display = (
  { err, interactive }: Terminal,
  clock: IO<number> = () => performance.now()
): Display => {
  const erase = interactive ? '\r\u001b[K' : ''
  let last = { phase: '', at: -Infinity }
  const draw = (shown: ExperimentProgress): void => {
    const [now, phase] = [clock(), `${shown.run} ${shown.phase}`]
    const isFinished = shown.phase === 'finished'
    const isDue =
      phase !== last.phase ||
      (!interactive && shown.done >= shown.total) ||
      now - last.at >= (interactive ? REDRAW : REPEAT)
    if (!isDue && !isFinished) return
    last = { phase, at: now }
    if (isFinished) err(`${erase}${shown.run}  ${shown.note}\n`)
    else err(interactive ? erase + barOf(shown) : `${lineOf(shown)}\n`)
  }
  return {
    progress: (shown) => () => draw(shown),
    note: (line) => () => err(`${erase}${line}\n`),
    clear: () => err(erase)
  }
}
