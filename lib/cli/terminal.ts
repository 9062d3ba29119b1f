import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { ExperimentProgress } from '../experiment/index.js'

/** The two streams that a program talks to, and what the person in front of them wants. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether `err` is a terminal, on which a line can be drawn over. */
  readonly interactive: boolean
  /**
   * How many characters a line of the terminal has.
   *
   * @defaultValue no limit
   */
  readonly columns?: IO<number>
  /**
   * The program that computes runs in processes of their own.
   *
   * @defaultValue none: all runs are computed in this process, one after another
   */
  readonly worker?: string
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

/** Shows progress; `note` writes a line that stays, `clear` removes the bars. */
export interface Display {
  readonly progress: (progress: ExperimentProgress) => IO<void>
  readonly note: (line: string) => IO<void>
  readonly clear: IO<void>
}

/** Milliseconds between two drawings of the bars, between two lines where there is no terminal, and before time left is shown. */
const [REDRAW, REPEAT, KNOWN] = [100, 10_000, 1000]

/** How far something was when it was seen first. */
interface Begun {
  readonly at: number
  readonly done: number
}

/** The time that is left at the pace since the beginning; empty while it is not known. */
const timeLeft = (begun: Begun, done: number, total: number, now: number): string => {
  const [passed, advanced] = [now - begun.at, done - begun.done]
  if (passed < KNOWN || advanced <= 0 || done >= total) return ''
  return `${duration((passed / advanced) * (total - done))} left`
}

/** A run that goes on: what it said last, since when it is in this phase, and when it was last written of. */
interface ActiveRun {
  readonly shown: ExperimentProgress
  readonly begun: Begun
  readonly told: number
}

/**
 * A bar for each run that goes on, drawn over and over on a terminal, with a line on all runs where there are several; elsewhere a
 * line at the start and the end of each phase, and every ten seconds between. A run that is finished or has failed leaves a line
 * on both. The time left is that of the phase, and of all runs, at the pace since these began.
 */
export const display = (
  { err, interactive, columns = () => Infinity }: Terminal,
  clock: IO<number> = () => performance.now()
): Display => {
  const active = new Map<string, ActiveRun>()
  let [lines, drawn] = [0, -Infinity]
  let runsBegun: Begun | undefined
  const phaseLeft = ({ shown: { done, total }, begun }: ActiveRun, now: number): string => {
    const left = timeLeft(begun, done, total, now)
    return left === '' ? '' : `  ${left}`
  }
  /** `5/24 runs, 12 min left`; empty for an experiment of one run. */
  const allRuns = ({ runs: { done, total } }: ExperimentProgress, now: number): string => {
    const left = timeLeft(runsBegun!, done, total, now)
    return total === 1 ? '' : `${done}/${total} runs${left === '' ? '' : `, ${left}`}`
  }
  const erased = (): string => {
    const up = lines > 1 ? `\u001b[${lines - 1}A\r\u001b[J` : '\r\u001b[K'
    lines = 0
    return interactive ? up : ''
  }
  const bars = (now: number): string => {
    const bar = (run: ActiveRun): string => barOf(run.shown, phaseLeft(run, now))
    const all = [...active.values()]
    const summary = all.length > 1 ? allRuns(all.at(-1)!.shown, now) : ''
    const texts = [...all.map(bar), ...(summary === '' ? [] : [summary])].map((text) =>
      text.slice(0, columns() - 1)
    )
    lines = texts.length
    drawn = now
    return texts.join('\n')
  }
  const end = (shown: ExperimentProgress, now: number): void => {
    active.delete(shown.run)
    const all = allRuns(shown, now)
    const line = `${shown.run}  ${shown.note}${all === '' ? '' : `  (${all})`}\n`
    err(erased() + line + (interactive ? bars(now) : ''))
  }
  const draw = (shown: ExperimentProgress): void => {
    const { run, phase, done, total } = shown
    const now = clock()
    runsBegun ??= { at: now, done: shown.runs.done }
    if (phase === 'finished' || phase === 'failed') {
      end(shown, now)
      return
    }
    const before = active.get(run)
    const isNew = before?.shown.phase !== phase
    const begun = before === undefined || isNew ? { at: now, done } : before.begun
    const last = interactive ? drawn : (before?.told ?? -Infinity)
    const isDue = isNew || (!interactive && done >= total) || now - last >= (interactive ? REDRAW : REPEAT)
    const next = { shown, begun, told: isDue ? now : last }
    active.set(run, next)
    if (!isDue) return
    err(interactive ? erased() + bars(now) : `${lineOf(shown, phaseLeft(next, now))}\n`)
  }
  return {
    progress: (shown) => () => draw(shown),
    note: (line) => () => err(`${erased()}${line}\n`),
    clear: () => err(erased())
  }
}
