import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { built } from '../support/built.js'
import { endedCommand, timelessRecord } from '../support/ended-command.js'
import { smallTraining } from '../support/small-training.js'

const { folder, program } = built('lib/cli/main.ts', { 'job-worker.js': 'lib/cli/job-worker.ts' })

const sh = (command: string) => spawnSync('sh', ['-c', command], { encoding: 'utf8' })
const node = `"${process.execPath}" "${program}"`

describe('the command', () => {
  it('says nothing to a reader that goes away', () => {
    expect(sh(`{ ${node} --help; echo "code $?" >&2; } | true`).stderr).toBe('code 0\n')
  })

  it('says in one sentence that the disk is full, wherever /dev/full is', (ctx) => {
    ctx.skip(!existsSync('/dev/full'), 'no /dev/full')
    const { status, stderr } = sh(`${node} --help > /dev/full`)
    expect([status, stderr]).toEqual([1, 'the output could not be written: the disk is full\n'])
  })
})

const small = {
  name: 'small',
  data: { set: 'digits', validation: 0, train: 320, test: 60 },
  network: { kind: 'mlp', hidden: [16] },
  seeds: [0],
  methods: ['dense'],
  training: { ...smallTraining, epochs: 60 },
  evaluation: { epsilon: 0.05, attacks: [{ kind: 'fgsm' }] }
}

const ended = endedCommand(program)

describe('an experiment', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129]
  ] as const)('is saved at the next step by %s', { timeout: 60_000 }, async (signal, code) => {
    const out = join(folder, signal)
    const stopped = await ended(out, { experiment: small, signal })
    expect(stopped.code, stopped.said).toBe(code)
    expect(stopped.said).toContain('the same command continues from there')
    // 360 steps, of which the 200th would be saved first
    expect(readdirSync(out)).toEqual(['dense-seed0.training.checkpoint'])
    const text = readFileSync(join(out, 'dense-seed0.training.checkpoint'), 'latin1')
    const position = Number(/position\\?":(\d+)/.exec(text)![1])
    expect(position).toBeGreaterThan(0)
    expect(position).toBeLessThan(200)
  })

  it('ends as it should where nobody reads what it says', { timeout: 120_000 }, async () => {
    const out = join(folder, 'unheard')
    expect((await ended(out, { experiment: small, stderr: 'closed' })).code).toBe(0)
    expect(readdirSync(out)).toContain('result.json')
  })

  it(
    'in two processes is saved by both of them, and goes on to what one process gives',
    { timeout: 600_000 },
    async () => {
      const grid = {
        ...small,
        methods: ['dense', 'random', 'magnitude'],
        training: { ...smallTraining, epochs: 10 },
        measures: { kernelImages: 2, dynamicsImages: 4, checkpoints: 2 }
      }
      const experiment = { ...grid, seeds: [0, 1] }
      const [one, two] = [join(folder, 'one'), join(folder, 'two')]
      expect((await ended(one, { experiment, options: ['--jobs', '1'] })).code).toBe(0)

      const stopped = await ended(two, { experiment, signal: 'SIGTERM', options: ['--jobs', '2'] })
      expect(stopped.code, stopped.said).toBe(143)
      expect(stopped.said).toContain('the same command continues from there')
      expect(readdirSync(two).filter((name) => name.endsWith('.json') || name.endsWith('.tmp'))).toEqual([])

      const resumed = await ended(two, { experiment, options: ['--jobs', '2'] })
      expect(resumed.code, resumed.said).toBe(0)
      const files = readdirSync(one).filter((name) => name.endsWith('.checkpoint'))
      expect(files).toHaveLength(6)
      for (const name of files)
        expect([name, readFileSync(join(two, name)).equals(readFileSync(join(one, name)))]).toEqual([
          name,
          true
        ])
      expect(timelessRecord(two)).toEqual(timelessRecord(one))
    }
  )
})
