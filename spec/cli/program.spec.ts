import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { program } from '../../lib/cli/program.js'
import { ExperimentRecord } from '../../lib/experiment/index.js'
import { right } from '../support/either.js'

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
const methods = ['dense', 'ticket', 'kernelTrace', 'snip', 'random', 'magnitude']

describe('tangentflow', () => {
  it(
    'runs end to end and is resumed, and the same seed gives the same tables',
    { timeout: 180_000 },
    async () => {
      const out = join(root, 'deep/run')
      const first = await command(`${tiny} --seed 5 --out ${out}`)
      expect(first.code, first.err).toBe(0)
      const files = readdirSync(out).filter((name) => !name.endsWith('.checkpoint'))
      expect(files.sort()).toEqual([
        'dense-seed5.json',
        ...['kernelTrace', 'magnitude', 'random'].map((name) => `${name}-0.2-seed5.json`),
        'report.html',
        'result.json',
        ...['snip', 'ticket'].map((name) => `${name}-0.2-seed5.json`)
      ])
      // three steps of search; one epoch and a test of each of six networks
      for (const phase of ['ticket-0.2-seed5  search  3/3', ...methods.map((name) => `${name}-`)])
        expect(first.err).toContain(phase)
      expect(first.err.match(/ training {2}21\/21 /g)).toHaveLength(6)
      expect(first.err.match(/ robust$/gm)?.length).toBeGreaterThanOrEqual(6)

      const record = right(
        ExperimentRecord.decode(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')))
      )
      expect(record.command).toBe('npx tangentflow --seed 5 --epochs 1 --search-steps 3')
      expect(record.experiment).toMatchObject({ seeds: [5], training: { epochs: 1 } })
      expect(record.runs.map(({ method }) => method)).toEqual(methods)
      const page = readFileSync(join(out, 'report.html'), 'utf8')
      for (const name of methods) {
        expect(first.out).toContain(name)
        expect(page).toContain(`>${name}<`)
      }
      expect(first.out.replaceAll(/ +/g, ' ')).toContain(
        'method weights % clean % robust % kernel distance output distance dynamics seeds'
      )
      expect(page).toContain(record.runs[0]!.executed.backend)
      expect(page).not.toMatch(/https?:|NaN|undefined/)
      for (const { method, density, measures } of record.runs) {
        const { distance, trajectory, layers } = measures!
        expect(density).toBe(method === 'dense' ? 1 : 0.2)
        expect(layers.map(({ total }) => total)).toEqual([64 * 128, 128 * 64, 64 * 10])
        if (method === 'dense') expect([distance, trajectory]).toEqual([undefined, undefined])
        else {
          expect(trajectory).toHaveLength(20)
          for (const one of [distance!.kernel, ...trajectory!]) expect(one).toBeGreaterThan(0)
        }
      }
      expect(record.runs[1]!.measures!.search!.after.kernel).toBeLessThan(1)
      expect(first.out).toContain(`report: ${join(out, 'report.html')}`)

      const again = await command(`${tiny} --seed 5 --out ${join(root, 'again')} --quiet`)
      expect(again.err).toBe('')
      const tables = (text: string): string => text.split('Cost, ')[0]!
      expect(tables(again.out)).toBe(tables(first.out))

      const printed = await command(`${tiny} --seed 5 --out ${out} --json`)
      expect(JSON.parse(printed.out)).toEqual({
        result: join(out, 'result.json'),
        report: join(out, 'report.html'),
        record: JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as unknown
      })

      // what is done is not done again, and another setting does not overwrite it
      expect(await command(`${tiny} --seed 5 --out ${out}`)).toEqual({ code: 0, out: first.out, err: '' })
      const refused = await command(`--epochs 2 --search-steps 3 --seed 5 --out ${out}`)
      expect(refused).toMatchObject({ code: 1, out: '' })
      expect(refused.err).toContain('expected the training.epochs of the run that is there (1), received 2')
    }
  )

  it('says what is wrong in one line, with code 1, and writes nothing', async () => {
    const file = join(root, 'file')
    writeFileSync(file, '')
    const out = join(root, 'never')
    for (const [line, says] of [
      [
        `--density 0 --out ${out}`,
        'ConfigError in tangentflow: expected a number in (0, 1], received "0" (at --density)'
      ],
      [`--density 0.00001 --out ${out}`, 'ArgumentError'],
      [`--density 0.0005 --out ${out}`, 'ArgumentError in mask.uniformCounts'],
      [`--engine abacus --out ${out}`, '(at --engine)'],
      [`--engine gpujs:webgl2 --out ${out}`, 'EngineError in openEngine'],
      [`--seed ${2 ** 53 - 1} --seeds 2 --out ${out}`, '(at seeds.1)'],
      [`${tiny} --out ${join(file, 'run')}`, 'IoError in io.']
    ] as const) {
      const { code, out: printed, err } = await command(line)
      expect([code, printed], line).toEqual([1, ''])
      expect(err).toContain(says)
      expect(err.trimEnd().split('\n')).toHaveLength(1)
      expect(existsSync(out)).toBe(false)
    }
  })

  it('leaves the result of another experiment alone', async () => {
    const out = mkdtempSync(join(root, 'taken-'))
    for (const content of [
      '{"seeds": []}',
      '{"name": "other", "command": "", "experiment": {}, "runs": []}'
    ]) {
      writeFileSync(join(out, 'result.json'), content)
      const { code, err } = await command(`${tiny} --out ${out}`)
      expect([code, err.includes('ConfigError'), err.includes('result.json')]).toEqual([1, true, true])
      expect(readFileSync(join(out, 'result.json'), 'utf8')).toBe(content)
    }
    expect(readdirSync(out)).toEqual(['result.json'])
  })

  it('leaves a page of something else alone', async () => {
    const out = mkdtempSync(join(root, 'page-'))
    writeFileSync(join(out, 'report.html'), '<!doctype html>')
    const { code, err } = await command(`${tiny} --out ${out}`)
    expect([code, err]).toEqual([1, expect.stringContaining('a report of this library, or none')])
    expect(readdirSync(out)).toEqual(['report.html'])
  })

  it('takes no option that objects have, and no number in hexadecimal digits', async () => {
    for (const line of [
      '--constructor 1',
      '--__proto__ 1',
      '--toString',
      '--seed 0x10',
      '--seed 0b1',
      '--epochs 1_0'
    ]) {
      const { code, err } = await command(line)
      expect([code, err.startsWith('ConfigError in tangentflow: ')], line).toEqual([1, true])
    }
  })

  it.each(['', 'data ', 'experiment '])('prints the help of tangentflow %s', async (words) => {
    const { code, out, err } = await command(`${words}--help`)
    expect([code, err]).toEqual([0, ''])
    for (const line of [`tangentflow ${words}`.trim(), '--json', '--quiet', '--version', '--help'])
      expect(out).toContain(line)
    expect(await command(`${words}--json --help`)).toEqual({
      code: 0,
      err: '',
      out: `${JSON.stringify({ help: out.trimEnd() })}\n`
    })
  })

  it('says its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }
    expect(await command('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' })
    expect(await command('data --version --json')).toEqual({
      code: 0,
      out: `${JSON.stringify({ version })}\n`,
      err: ''
    })
  })

  it('names the command that was meant, and gives errors as JSON too', async () => {
    for (const [line, meant] of [
      ['exprimnt x.json', 'experiment'],
      ['date check mnist', 'data'],
      ['data chek mnist', 'check'],
      ['data check mnst', 'mnist'],
      ['--seeeds 3', '--seeds'],
      ['experiment x.json --eng onnx:wasm', '--engine']
    ] as const) {
      const { code, out, err } = await command(`${line} --json --quiet`)
      expect([code, err.split('\n').length], line).toEqual([1, 2])
      expect(err, line).toContain(`, perhaps ${meant}: `)
      expect(JSON.parse(out), line).toMatchObject({ error: { _tag: 'ConfigError' } })
    }
    expect((await command('zzzzzz')).err).not.toContain('perhaps')
  })
})
