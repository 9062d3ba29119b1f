import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How a run of the command goes. */
export interface Ending {
  /** The experiment that it runs. */
  readonly experiment: unknown
  /** Sent to it once it trains. */
  readonly signal?: NodeJS.Signals | undefined
  /** Milliseconds from its first word on a training to the signal. */
  readonly delay?: number
  /** Whether its messages are read to their end. */
  readonly stderr?: 'pipe' | 'closed'
  readonly options?: readonly string[]
}

/** What came of it. */
export interface Ended {
  readonly code: number | null
  readonly said: string
  /** Milliseconds from its first word on a training to its end. */
  readonly span: number
}

/** Runs the program's experiment in a folder, and sends it a signal once it trains. */
export const endedCommand =
  (program: string) =>
  (out: string, { experiment, signal, delay = 0, stderr = 'pipe', options = [] }: Ending): Promise<Ended> =>
    new Promise((resolve) => {
      const file = `${out}.file.json`
      writeFileSync(file, JSON.stringify(experiment))
      const words = [program, 'experiment', file, '--out', out, '--engine', 'reference', ...options]
      const child = spawn(process.execPath, words)
      let said = ''
      let start: number | undefined
      child.stderr.on('data', (part: Buffer) => {
        said += part.toString()
        if (!said.includes('training') || start !== undefined) return
        start = performance.now()
        if (signal !== undefined) setTimeout(() => child.kill(signal), delay)
        if (stderr === 'closed') child.stderr.destroy()
      })
      child.on('close', (code) =>
        resolve({ code, said, span: start === undefined ? 0 : performance.now() - start })
      )
    })

/** The record in a folder but for its times. */
export const timelessRecord = (out: string): unknown =>
  JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'), (name, value: unknown) =>
    name === 'seconds' || name === 'command' ? undefined : value
  )
