import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { built } from '../support/built.js'
import { type Ended, type Ending, endedCommand, timelessRecord } from '../support/ended-command.js'
import { smallTraining } from '../support/small-training.js'

// A grid of runs that is killed, told to end, or finds no room, again and again, ends in the same bits as one that was left alone.

/** How often it is killed, and told to end; `npm run test:kill` says 30 and 10. */
const [KILLS, TERMS] = [Number(process.env.KILLS ?? '2'), Number(process.env.TERMS ?? '1')]

const { folder, program } = built('lib/cli/main.ts', { 'job-worker.js': 'lib/cli/job-worker.ts' })

const experiment = {
  name: 'grid',
  data: { set: 'digits', validation: 0, train: 160, test: 40 },
  network: { kind: 'mlp', hidden: [16] },
  seeds: [0, 1],
  methods: ['dense', 'random', 'magnitude'],
  densities: [0.5],
  training: { ...smallTraining, epochs: 20 },
  evaluation: { epsilon: 0.05, attacks: [{ kind: 'fgsm' }] }
}
const run = (out: string, ending: Omit<Ending, 'experiment'> = {}): Promise<Ended> =>
  endedCommand(program)(out, { experiment, ...ending })

const whole = join(folder, 'whole')
let span = 0
beforeAll(async () => {
  const alone = await run(whole)
  expect(alone.code, alone.said).toBe(0)
  span = alone.span
}, 120_000)

const filesOf = (out: string): string[] =>
  readdirSync(out)
    .filter((name) => !name.endsWith('.tmp'))
    .sort()

const expectSameBits = (out: string): void => {
  expect(filesOf(out)).toEqual(filesOf(whole))
  for (const name of filesOf(whole).filter((file) => file.endsWith('.checkpoint')))
    expect([name, readFileSync(join(out, name)).equals(readFileSync(join(whole, name)))]).toEqual([
      name,
      true
    ])
  expect(timelessRecord(out)).toEqual(timelessRecord(whole))
}

describe('a grid of runs', () => {
  it.each([
    ['SIGKILL', KILLS, null],
    ['SIGTERM', TERMS, 143]
  ] as const)(
    'ended by %s %i times ends in the same bits',
    { timeout: 1_200_000 },
    async (signal, times, code) => {
      for (let [ended, runs] = [0, 0]; ended < times; runs++) {
        const out = join(folder, `${signal}-${runs}`)
        // every second grid is computed by other processes
        const options = runs % 2 === 0 ? [] : ['--jobs', '2']
        for (;;) {
          const isLast = ended === times
          const delay = (Math.random() * span) / 2
          const found = await run(out, { options, delay, signal: isLast ? undefined : signal })
          if (found.code === 0) break
          expect([found.code, isLast], found.said).toEqual([code, false])
          ended++
        }
        expectSameBits(out)
      }
    }
  )

  it(
    'says that the disk is full, keeps what there was, and goes on when there is room',
    { timeout: 240_000 },
    async (ctx) => {
      const disk = join(folder, 'disk')
      mkdirSync(disk)
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], {
        encoding: 'utf8'
      })
      ctx.skip(
        mounted.status !== 0,
        `no small disk can be mounted: ${mounted.error?.message ?? mounted.stderr}`
      )
      try {
        const out = join(disk, 'run')
        expect((await run(out, { signal: 'SIGTERM', delay: span / 4 })).code).toBe(143)
        const before = filesOf(out).map((name) => [name, readFileSync(join(out, name))] as const)
        expect(before.length).toBeGreaterThan(0)
        expect(() => writeFileSync(join(disk, 'filler'), new Uint8Array(2 ** 21))).toThrow('ENOSPC')
        const full = await run(out)
        expect(full.code).toBe(1)
        expect(full.said).toContain('a full disk')
        expect(filesOf(out).map((name) => [name, readFileSync(join(out, name))])).toEqual(before)
        rmSync(join(disk, 'filler'))
        expect((await run(out)).code).toBe(0)
        expectSameBits(out)
      } finally {
        spawnSync('umount', [disk])
      }
    }
  )

  it(
    'in a folder where another process is at work is refused, and disturbs nothing',
    { timeout: 240_000 },
    async () => {
      const out = join(folder, 'shared')
      const [first, second] = await Promise.all([run(out), run(out)])
      expect([first.code, second.code].sort()).toEqual([0, 1])
      const refused = first.code === 0 ? second : first
      expect(refused.said).toMatch(/process \d+/)
      expectSameBits(out)
    }
  )
})
