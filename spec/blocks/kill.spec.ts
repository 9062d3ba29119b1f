import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { built } from '../support/built.js'
import { runFor } from '../support/killed.js'

// A kernel in blocks and its regression, killed at random moments, end in the same files as those that were left alone.

/** How often they are killed. */
const KILLS = Number(process.env.KILLS ?? '3')

const { folder: root, program } = built('spec/support/blocked-run.ts')

/** All files of a folder but the temporary ones that a kill may leave behind. */
const filesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
      .map(({ parentPath, name }) => [
        join(parentPath, name).slice(folder.length),
        readFileSync(join(parentPath, name)).toString('base64')
      ])
  )

const whole = join(root, 'whole')
/** The files of a run that was left alone. */
const right = (): Record<string, string> => filesOf(whole)

it(`a kernel in blocks killed ${KILLS} times is the same files`, { timeout: 300_000 }, async () => {
  const { said, span } = await runFor(program, [whole], Infinity)
  expect(said).toBe('started\nfinished\n')
  expect(Object.keys(right())).toHaveLength(2 * 45 + 2)

  let [kills, runs] = [0, 0]
  while (kills < KILLS) {
    const folder = join(root, `run ${runs++}`)
    for (let isFinished = false; !isFinished;) {
      const delay = kills < KILLS ? (Math.random() * span) / 2 : Infinity
      const { said: words } = await runFor(program, [folder], delay)
      expect(words).toMatch(/^(started\n)?(finished\n)?$/)
      isFinished = words.includes('finished')
      if (!isFinished) kills++
    }
    expect(filesOf(folder)).toEqual(right())
  }
})

it(
  'three processes of which one is killed compute one kernel, to the same files',
  { timeout: 300_000 },
  async () => {
    const folder = join(root, 'together')
    const [killed, ...others] = await Promise.all(
      [0, 1, 2].map((place) => runFor(program, [folder, `${place}`, '3'], place === 0 ? 5 : Infinity))
    )
    expect(killed!.said).toMatch(/^started\n(finished\n)?$/)
    expect(others.map(({ said }) => said)).toEqual(['started\nfinished\n', 'started\nfinished\n'])
    const isKernel = ([name]: readonly [string, string]): boolean => name.includes('kernel')
    expect(Object.entries(filesOf(folder))).toEqual(Object.entries(right()).filter(isKernel))
  }
)
