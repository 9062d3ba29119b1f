import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { program } from '../../lib/cli/program.js'
import { RunRecord } from '../../lib/report/index.js'

const root = mkdtempSync(join(tmpdir(), 'tangentflow-cli-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const command = async (line: string): Promise<{ code: number; out: string; err: string }> => {
  let [out, err] = ['', '']
  const code = await program(line.split(' '), {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    interactive: false
  })()
  return { code, out, err }
}

const tiny = '--epochs 1 --search-steps 3'

describe('npm start', () => {
  it('runs end to end, and the same seed gives the same table', { timeout: 180_000 }, async () => {
    const out = join(root, 'deep/run')
    const first = await command(`${tiny} --seed 5 --out ${out}`)
    expect(first.code, first.err).toBe(0)
    expect(readdirSync(out).sort()).toEqual(['config.json', 'metrics.jsonl', 'report.html', 'result.json'])
    expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))).toMatchObject({ seed: 5, epochs: 1 })

    const events = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n')
    const phases = events.map((line) => (JSON.parse(line) as { phase: string }).phase)
    // three steps of search; one epoch and a test of each of six networks
    expect(
      ['search', 'training', 'test'].map((phase) => phases.filter((one) => one === phase).length)
    ).toEqual([3, 6, 6])

    const record = RunRecord.decode(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')))
    if (record._tag === 'Left') throw new Error('result.json does not decode')
    const [seed] = record.right.seeds
    const names = seed!.methods.map(({ method }) => method)
    expect(names).toEqual(['dense', 'ticket', 'kernel trace', 'SNIP', 'random', 'magnitude'])
    const page = readFileSync(join(out, 'report.html'), 'utf8')
    for (const name of names) {
      expect(first.out).toContain(name)
      expect(page).toContain(`>${name}<`)
    }
    expect(page).toContain(record.right.executed.backend)
    expect(page).not.toMatch(/https?:|NaN|undefined/)
    for (const { method, density, kernel, dynamics, trajectory, layers } of seed!.methods) {
      expect(trajectory).toHaveLength(record.right.checkpoints.length)
      expect(density).toBeCloseTo(method === 'dense' ? 1 : 0.2, 3)
      expect(layers.map(({ total }) => total)).toEqual([64 * 128, 128 * 64, 64 * 10])
      if (method === 'dense') expect([kernel, dynamics]).toEqual([0, 0])
      else for (const distance of [kernel, dynamics]) expect(distance).toBeGreaterThan(0)
    }
    expect(seed!.search.after.kernel).toBeLessThan(1)
    expect(first.out).toContain(`report: ${join(out, 'report.html')}`)

    const again = await command(`${tiny} --seed 5 --out ${join(root, 'again')}`)
    const table = (text: string): string => text.split('executed by')[0]!
    expect(table(again.out)).toBe(table(first.out))

    const refused = await command(`${tiny} --out ${out}`)
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('received a finished run')
  })

  it('says what is wrong in one line, with code 1, and writes nothing', async () => {
    const file = join(root, 'file')
    writeFileSync(file, '')
    const out = join(root, 'never')
    for (const [line, says] of [
      [
        `--density 0 --out ${out}`,
        'ConfigError in npm start: expected a number in (0, 1], received "0" (at --density)'
      ],
      [`--density 0.00001 --out ${out}`, 'ArgumentError'],
      [`--engine abacus --out ${out}`, '(at --engine)'],
      [`--engine gpujs:webgl2 --out ${out}`, 'EngineError in openEngine'],
      [`--seed ${2 ** 53 - 1} --seeds 2 --out ${out}`, 'ArgumentError in key'],
      [`${tiny} --out ${join(file, 'run')}`, 'IoError in io.openRunFolder']
    ] as const) {
      const { code, out: printed, err } = await command(line)
      expect([code, printed], line).toEqual([1, ''])
      expect(err).toContain(says)
      expect(err.trimEnd().split('\n')).toHaveLength(1)
      expect(existsSync(out)).toBe(false)
    }
  })

  it('prints its help', async () => expect(await command('--help')).toMatchObject({ code: 0, err: '' }))
})
