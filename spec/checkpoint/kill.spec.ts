import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { built } from '../support/built.js'
import { runFor } from '../support/killed.js'

// A training or a search that is killed at random moments, again and again, ends in the same bits as one that was left alone.

/** How often each is killed; `npm run test:kill` kills it 30 times. */
const KILLS = Number(process.env.KILLS ?? '3')

const { folder: root, program } = built('spec/support/kept-run.ts')

it.each(['training', 'search'])(
  `a %s killed ${KILLS} times ends in the same bits`,
  { timeout: 600_000 },
  async (kind) => {
    const whole = join(root, `${kind}.safetensors`)
    const { said, span } = await runFor(program, [kind, whole], Infinity)
    expect(said).toBe('started\nfinished\n')
    const right = readFileSync(whole)

    let [kills, runs] = [0, 0]
    while (kills < KILLS) {
      const folder = join(root, `${kind} ${runs++}`)
      const checkpoint = join(folder, 'checkpoint.safetensors')
      for (let isFinished = false; !isFinished;) {
        const delay = kills < KILLS ? (Math.random() * span) / 2 : Infinity
        const { said: words } = await runFor(program, [kind, checkpoint], delay)
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
