import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, describe, expect, it } from 'vitest'
import { readExperiment } from '../../lib/cli/experiment-command.js'
import { runsOf } from '../../lib/experiment/index.js'
import { program } from '../../lib/cli/program.js'
import { ExperimentRecord } from '../../lib/experiment/experiment-record.js'
import { right } from '../support/either.js'
import { smallTraining } from '../support/small-training.js'

const root = mkdtempSync(join(tmpdir(), 'tangentflow-experiment-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const small = {
  name: 'small',
  data: { set: 'digits', validation: 50, train: 300, test: 60 },
  network: { kind: 'mlp', hidden: [16] },
  seeds: [0],
  methods: ['dense', 'magnitude'],
  densities: [0.5],
  training: smallTraining,
  evaluation: {
    epsilon: 0.05,
    attacks: [
      { kind: 'pgd', steps: 4, relativeStep: 2.5 },
      { kind: 'square', steps: 5 }
    ],
    epsilons: [0, 0.1]
  }
}

const write = (name: string, content: unknown): string => {
  const path = join(root, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const command = async (...args: readonly string[]): Promise<{ code: number; out: string; err: string }> =>
  start('experiment', ...args)

const start = async (...args: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
  let [out, err] = ['', '']
  const code = await program(args, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    interactive: false
  })()
  return { code, out, err }
}

/** The record but for the times of its runs, which no two have in common. */
const recordIn = (folder: string): ExperimentRecord => {
  const record = right(ExperimentRecord.decode(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'))))
  return { ...record, runs: record.runs.map(({ seconds: _seconds, ...run }) => run) }
}

describe('tangentflow experiment', () => {
  it('trains and attacks every run once, and takes up what is there', { timeout: 120_000 }, async () => {
    const [file, out] = [write('small.json', small), join(root, 'out')]
    const first = await command(file, '--out', out)
    expect(first.code, first.err).toBe(0)
    expect(readdirSync(out).sort()).toEqual([
      'dense-seed0.json',
      'dense-seed0.training.checkpoint',
      'magnitude-0.5-seed0.json',
      'magnitude-0.5-seed0.training.checkpoint',
      'report.html',
      'result.json'
    ])
    const record = recordIn(out)
    expect(record.runs.map(({ method, density }) => [method, density])).toEqual([
      ['dense', 1],
      ['magnitude', 0.5]
    ])
    for (const { robustness, training, overEpsilon } of record.runs) {
      expect(robustness.count).toBe(60)
      expect(robustness.robust).toBe(robustness.attacks.at(-1)!.robust)
      expect(robustness.attacks[0]!.robust).toBeLessThanOrEqual(robustness.clean)
      expect([training.steps, training.losses.length, training.validations.length]).toEqual([10, 2, 2])
      expect(overEpsilon!.map(({ epsilon }) => epsilon)).toEqual([0, 0.1])
      expect(overEpsilon![0]!.robust).toBe(robustness.clean)
    }
    expect(first.out).toContain('magnitude, 50 %')
    const page = readFileSync(join(out, 'report.html'), 'utf8')
    expect(page).toContain('Square-5')
    expect(page).not.toMatch(/https?:|NaN|undefined/)

    expect(record.command).toBe(`npx tangentflow experiment ${file}`)
    const told = await command(file, '--out', out, '--data', root, '--threads', '2', '--engine', 'reference')
    expect(told.code, told.err).toBe(0)
    expect(recordIn(out).command).toBe(
      `npx tangentflow experiment ${file} --data DIR --engine reference --threads 2`
    )

    // done runs are read: nothing is told of them
    const again = await command(file, '--out', out)
    expect([again.code, again.err, again.out]).toEqual([0, '', first.out])

    // the folder is held while the record is written: what a killed process left goes, and a living one is not written over
    const lock = join(out, '.tangentflow.lock')
    const heldBy = (pid: number): void =>
      writeFileSync(lock, JSON.stringify({ pid, host: hostname(), start: '' }))
    heldBy(spawnSync(process.execPath, ['--version']).pid)
    expect((await command(file, '--out', out)).code).toBe(0)
    expect(existsSync(lock)).toBe(false)
    heldBy(process.pid)
    const kept = await command(file, '--out', out)
    expect([kept.code, kept.err]).toEqual([1, expect.stringContaining(`process ${process.pid} of`)])
    rmSync(lock)

    // a run that is lost is trained from its checkpoint to the same numbers
    rmSync(join(out, 'magnitude-0.5-seed0.json'))
    const resumed = await command(file, '--out', out)
    expect(resumed.code).toBe(0)
    expect(resumed.err).not.toContain('training')
    expect(recordIn(out)).toEqual(record)

    // and one of another setting is not taken for this one, nor overwritten
    const other = write('other.json', { ...small, training: { ...small.training, epochs: 3 } })
    const refused = await command(other, '--out', out)
    expect(refused.code).toBe(1)
    expect(refused.err).toContain(
      `expected the training.epochs of the run that is there (2), received 3 (at ${join(out, 'dense-seed0.json')}: training.epochs)`
    )
    expect(recordIn(out)).toEqual(record)
  })

  const wrong = async (content: unknown): Promise<string> => {
    const { code, err } = await command(write('wrong.json', content), '--out', join(root, 'never'))
    expect(code).toBe(1)
    expect(existsSync(join(root, 'never'))).toBe(false)
    return err.trim().replace(join(root, 'wrong.json'), 'FILE')
  }

  it.each([
    ['{', /expected JSON.*\(at FILE\)/],
    [[], /a record of name, data.*\(at FILE\)/],
    [{ ...small, seeds: [0, -1] }, /a whole number of at least 0, received -1 \(at FILE: seeds\.1\)/],
    [{ ...small, seeds: [] }, /a list of at least one.*\(at FILE: seeds\)/],
    [
      { ...small, methods: ['lottery'] },
      /one of dense, otherBatches, otherStart, random, magnitude.*received "lottery" \(at FILE: methods\.0\)/
    ],
    [
      { ...small, methods: ['dense', { kind: 'lottery' }] },
      /one of dense, otherBatches, otherStart, random, magnitude.*received "lottery" \(at FILE: methods\.1\.kind\)/
    ],
    [
      { ...small, methods: [{ kind: 'ticket', gama: 1 }] },
      /no setting of this name; those there are: kind, name, steps.*\(at FILE: methods\.0\.gama\)/
    ],
    [
      { ...small, methods: ['snip', { kind: 'snip', batch: 10 }] },
      /a name that no other method has, received "snip" \(at FILE: methods\.1\.name\)/
    ],
    [
      { ...small, methods: [{ kind: 'snip', name: '../x' }] },
      /a name of at most 100 letters.*\(at FILE: methods\.0\.name\)/
    ],
    [{ ...small, name: '../../x' }, /a name of at most 100 letters.*\(at FILE: name\)/],
    [{ ...small, name: '..' }, /\(at FILE: name\)/],
    [{ ...small, name: 'CON' }, /\(at FILE: name\)/],
    [{ ...small, seeds: [0, 1, 0] }, /a number that is not there before, received 0 \(at FILE: seeds\.2\)/],
    [{ ...small, densities: [0.5, 0.5] }, /not there before, received 0\.5 \(at FILE: densities\.1\)/],
    [
      {
        ...small,
        methods: [
          { kind: 'snip', name: 'A b' },
          { kind: 'random', name: 'a-B' }
        ]
      },
      /a name that no other method has, received "a-B" \(at FILE: methods\.1\.name\)/
    ],
    [
      {
        ...small,
        methods: [
          { kind: 'dense', name: 'x-0.5' },
          { kind: 'snip', name: 'x' }
        ]
      },
      /a name that no other method has, received "x" \(at FILE: methods\.1\.name\)/
    ],
    [
      { ...small, seeds: Array.from({ length: 100_001 }, (_, i) => i) },
      /at most 100000 runs, received 200002 \(at FILE\)/
    ],
    [`{"name": "a", "name": "b"}`, /every name once, received a name twice \(at FILE: name\)/],
    ['{"name":'.repeat(100_000), /expected JSON of at most 64 levels, received a deeper one \(at FILE\)/],
    [{ ...small, densities: [0] }, /a number in \(0, 1\], received 0 \(at FILE: densities\.0\)/],
    [
      { ...small, measures: { kernelImages: 300, dynamicsImages: 1, checkpoints: 1 } },
      /at most 400 images, received 600 \(at measures\)/
    ],
    [{ ...small, network: { kind: 'mlp', hidden: [0] } }, /received 0 \(at FILE: network\.hidden\.0\)/],
    [{ ...small, network: { kind: 'vit' } }, /one of mlp, lenet300100.*\(at FILE: network\.kind\)/],
    [
      { ...small, training: { ...small.training, epoch: 3 } },
      /no setting of this name; those there are: epochs,.*\(at FILE: training\.epoch\)/
    ],
    [
      { ...small, training: { ...small.training, attack: { ...small.training.attack, clean: 2 } } },
      /a number in \(0, 1\], received 2 \(at FILE: training\.attack\.clean\)/
    ],
    [
      { ...small, evaluation: { ...small.evaluation, attacks: [{ kind: 'apgd', steps: 1, loss: 'kl' }] } },
      /one of ce, dlr, received "kl" \(at FILE: evaluation\.attacks\.0\.loss\)/
    ],
    [
      { ...small, evaluation: { ...small.evaluation, norm: 'l1' } },
      /attacks that know L1, received square \(at evaluation\.attacks\)/
    ],
    [{ ...small, data: { ...small.data, test: 401 } }, /at most 400 images, received 401 \(at data\.test\)/]
  ] as const)('says what is wrong in a file, and where: case %#', async (content, message) => {
    expect(await wrong(content)).toMatch(message)
  })

  it('says what it takes, and refuses what it does not', async () => {
    expect((await command('--help')).out).toContain('tangentflow experiment <file>')
    const asked = await command('none.json', '--engine', 'reference')
    expect(asked.err).toContain('none.json')
    expect(await start('--experiment', 'none.json', '--engine', 'reference')).toEqual(asked)
    expect(await start('--engine', 'reference', '--experiment', 'none.json')).toEqual(asked)
    expect(await start('--engine', 'reference', '--experiment=none.json')).toEqual(asked)
    for (const args of [
      ['a.json', 'b.json'],
      ['a.json', '--thread', '2'],
      ['a.json', '--threads', '0'],
      ['none.json']
    ])
      expect((await command(...args)).code).toBe(1)
  })
})

describe('the experiments of the repository', () => {
  const folder = 'bench/experiments'
  it.each(readdirSync(folder))('%s decodes', async (name) => {
    const experiment = await readExperiment(join(folder, name))()
    expect(E.isRight(experiment) || experiment.left).toBe(true)
    expect(runsOf(right(experiment)).length).toBeGreaterThan(0)
  })
})
