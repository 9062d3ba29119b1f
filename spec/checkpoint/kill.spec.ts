import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { built } from '../support/built.js'

// A training or a search that is killed at random moments, again and again, ends in the same bits as one that was left alone.

/** How often each is killed; `npm run test:kill` kills it 30 times. */
const KILLS = Number(process.env.KILLS ?? '3')

const { folder: root, program } = built('spec/support/kept-run.ts')

/** Runs the program and kills it so many milliseconds after it has taken its first step; gives what it said, and for how long it ran after that step. */
const runFor = (kind: string, checkpoint: string, delay: number): Promise<{ said: string; span: number }> =>
  new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(process.execPath, [program, kind, checkpoint])
    const said: string[] = []
    let start = 0
    child.stdout!.on('data', (part: Buffer) => {
      if (said.length === 0) {
        start = performance.now()
        if (Number.isFinite(delay)) setTimeout(() => child.kill('SIGKILL'), delay)
      }
      said.push(part.toString())
    })
    child.stderr!.on('data', (part: Buffer) => said.push(part.toString()))
    child.on('error', reject)
    child.on('close', () => resolve({ said: said.join(''), span: performance.now() - start }))
  })

it.each(['training', 'search'])(
  `a %s killed ${KILLS} times ends in the same bits`,
  { timeout: 600_000 },
  async (kind) => {
    const whole = join(root, `${kind}.safetensors`)
    const { said, span } = await runFor(kind, whole, Infinity)
    expect(said).toBe('started\nfinished\n')
    const right = readFileSync(whole)

    let [kills, runs] = [0, 0]
    while (kills < KILLS) {
      const folder = join(root, `${kind} ${runs++}`)
      const checkpoint = join(folder, 'checkpoint.safetensors')
      for (let isFinished = false; !isFinished;) {
        const delay = kills < KILLS ? (Math.random() * span) / 2 : Infinity
        const { said: words } = await runFor(kind, checkpoint, delay)
        expect(words).toMatch(/^(started\n)?(finished\n)?$/)
        isFinished = words.includes('finished')
        if (!isFinished) kills++
      }
      expect(readFileSync(checkpoint).equals(right)).toBe(true)
      // what a kill may leave behind, beside the checkpoint, are temporary files
      expect(readdirSync(folder).filter((name) => !name.endsWith('.tmp'))).toEqual(['checkpoint.safetensors'])
    }
  }
)
