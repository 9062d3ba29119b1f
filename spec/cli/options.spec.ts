import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { TangentError } from '../../lib/core/error.js'
import { type Options, readOptions, usage } from '../../lib/cli/options.js'

const now = new Date('2024-05-06T07:08:09Z')
const read = (line: string): E.Either<TangentError, 'help' | Options> =>
  readOptions(
    line.split(' ').filter((word) => word !== ''),
    now
  )

describe('readOptions', () => {
  it('fills in what is not given', () =>
    expect(read('')).toEqual(
      E.right({
        seed: 0,
        seeds: 1,
        density: 0.2,
        epsilon: 0.1,
        epochs: 60,
        'search-steps': 300,
        'output-weight': expect.any(Number) as number,
        engine: 'auto',
        threads: 1,
        out: 'runs/2024-05-06T07-08-09'
      })
    ))

  it('reads both spellings, in any order', () =>
    expect(read('--out runs/x --seed=1 --density 0.1 --epsilon=0.15 --engine gpujs:webasm')).toMatchObject(
      E.right({ seed: 1, density: 0.1, epsilon: 0.15, engine: 'gpujs:webasm', out: 'runs/x' })
    ))

  it.each(['--help', '-h', '--seed 1 --help'])('shows the help: %s', (line) => {
    expect(read(line)).toEqual(E.right('help'))
    for (const name of ['seed', 'seeds', 'density', 'epsilon', 'epochs', 'engine', 'threads', 'out', 'help'])
      expect(usage).toContain(`--${name}`)
  })

  it.each([
    ['--density 0', '--density', 'a number in (0, 1]', '"0"'],
    ['--density 1.5', '--density', 'a number in (0, 1]', '"1.5"'],
    ['--density NaN', '--density', 'a number in (0, 1]', '"NaN"'],
    ['--epsilon -0.1', '--epsilon', 'a finite number of at least 0', '"-0.1"'],
    ['--epsilon Infinity', '--epsilon', 'a finite number of at least 0', '"Infinity"'],
    ['--seed 1.5', '--seed', 'a whole number of at least 0', '"1.5"'],
    ['--seeds 0', '--seeds', 'a whole number of at least 1', '"0"'],
    ['--epochs many', '--epochs', 'a whole number of at least 1', '"many"'],
    ['--threads 0', '--threads', 'a whole number of at least 1', '"0"'],
    ['--out=', '--out', 'a folder', '""'],
    ['--seed', '--seed', '<n>: the first seed', 'nothing'],
    ['--seed --epochs 3', '--seed', '<n>: the first seed', '"--epochs"']
  ])('names option, expectation and what came: %s', (line, where, expected, received) =>
    expect(read(line)).toEqual(
      E.left({ _tag: 'ConfigError', operation: 'npm start', expected, received, where })
    )
  )

  it('lists the engines when one is unknown, and the options', () => {
    expect(read('--engine tpu')).toMatchObject({
      left: {
        _tag: 'ConfigError',
        where: '--engine',
        received: '"tpu"',
        expected: expect.stringContaining('onnx:native') as string
      }
    })
    expect(read('--epsilom 0.1')).toMatchObject({
      left: { received: '"--epsilom"', expected: expect.stringContaining('--epsilon') as string }
    })
    expect(read('run')).toMatchObject({ left: { _tag: 'ConfigError', received: '"run"' } })
  })
})
