import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { built } from '../support/built.js'
import { smallTraining } from '../support/small-training.js'

const { folder, program } = built('lib/cli/main.ts')

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
const file = join(folder, 'small.json')

/** Runs the experiment and sends it a signal once it trains; gives its code and what it said. */
const ended = (out: string, signal?: NodeJS.Signals, stderr: 'pipe' | 'closed' = 'pipe') =>
  new Promise<{ code: number | null; said: string }>((resolve) => {
    writeFileSync(file, JSON.stringify(small))
    const child = spawn(process.execPath, [
      program,
      'experiment',
      file,
      '--out',
      out,
      '--engine',
      'reference'
    ])
    let said = ''
    let isSent = false
    child.stderr.on('data', (part: Buffer) => {
      said += part.toString()
      if (!said.includes('training')) return
      if (signal !== undefined && !isSent) child.kill(signal)
      isSent = true
      if (stderr === 'closed') child.stderr.destroy()
    })
    child.on('close', (code) => resolve({ code, said }))
  })

describe('an experiment', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129]
  ] as const)('is saved at the next step by %s', { timeout: 60_000 }, async (signal, code) => {
    const out = join(folder, signal)
    const stopped = await ended(out, signal)
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
    expect((await ended(out, undefined, 'closed')).code).toBe(0)
    expect(readdirSync(out)).toContain('result.json')
  })
})
