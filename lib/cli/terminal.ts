import type { IO } from 'fp-ts/lib/IO.js'
import type { Progress } from './comparison.js'

/** The two streams a program talks to. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether `err` is a terminal, on which a line can be drawn over. */
  readonly interactive: boolean
}

const WIDTH = 24

/** `████████░░░░░░░░  42 %  seed 0  training SNIP  loss 0.341` */
const bar = ({ seed, phase, done, total, loss }: Progress): string => {
  const share = total === 0 ? 1 : done / total
  const full = Math.round(share * WIDTH)
  const percent = `${Math.floor(share * 100)} %`.padStart(5)
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${percent}  seed ${seed}  ${phase}  loss ${loss.toFixed(3)}`
}

/**
 * Shows progress: a bar drawn over and over on a terminal, a plain line for each new phase elsewhere. `note` is a line
 * that stays, `clear` removes the bar.
 */
export interface Display {
  readonly progress: (progress: Progress) => IO<void>
  readonly note: (line: string) => IO<void>
  readonly clear: IO<void>
}

/** At most so many times a second is the bar redrawn. */
const REDRAWS = 10

export const display = ({ err, interactive }: Terminal, clock: IO<number> = Date.now): Display => {
  const erase = interactive ? '\r\u001b[K' : ''
  let last = { phase: '', at: -Infinity }
  const draw = (shown: Progress): void => {
    const phase = `seed ${shown.seed}  ${shown.phase}`
    const [now, isNew] = [clock(), phase !== last.phase]
    if (!isNew && now - last.at < 1000 / REDRAWS) return
    if (interactive) err(erase + bar(shown))
    else if (isNew) err(`${phase} (${Math.floor((100 * shown.done) / shown.total)} % of this seed)\n`)
    last = { phase, at: now }
  }
  return {
    progress: (shown) => () => draw(shown),
    note: (line) => () => err(`${erase}${line}\n`),
    clear: () => err(erase)
  }
}
