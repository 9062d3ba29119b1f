import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import {
  startCommand,
  startExperiment,
  type StartOptions,
  startUsage
} from '../../lib/cli/experiment-command.js'
import { type Command, commandOf, readRequest, type Request } from '../../lib/cli/read-request.js'
import type { TangentError } from '../../lib/core/error.js'
import { digits } from '../../lib/experiment/index.js'
import { right } from '../support/either.js'

const wordsOf = (line: string): readonly string[] => line.split(' ').filter((word) => word !== '')
const read = (line: string): E.Either<TangentError, 'help' | Request<StartOptions>> =>
  readRequest(startCommand, wordsOf(line))
const requested = (line: string): Request<StartOptions> => {
  const request = right(read(line))
  if (request === 'help') throw new Error('the help was asked for')
  return request
}

describe('the options of tangentflow', () => {
  it('leave the bundled experiment as it is where none is given', () => {
    expect(requested('')).toEqual({ options: {}, words: [], given: [] })
    expect(startExperiment({})).toEqual(digits())
  })

  it('are read in both spellings, in any order, and the last of a name counts', () =>
    expect(
      requested('--out runs/x --seed=1 --density 0.1 --epsilon=0.15 --engine gpujs:webasm --seed 2').options
    ).toEqual({ seed: 2, density: 0.1, epsilon: 0.15, engine: 'gpujs:webasm', out: 'runs/x' }))

  it('change the bundled experiment', () => {
    const line =
      '--seed 3 --seeds 2 --density 0.1 --epsilon 0.15 --epochs 5 --search-steps 7 --output-weight 2'
    const experiment = startExperiment(requested(line).options)
    expect(experiment).toMatchObject({
      seeds: [3, 4],
      densities: [0.1],
      training: { epochs: 5, attack: { epsilon: 0.15 } },
      evaluation: { epsilon: 0.15 }
    })
    expect(experiment.methods).toContainEqual({ kind: 'ticket', steps: 7, c: 2 })
  })

  it('give the command that makes the same results again', () =>
    expect(commandOf('npx tangentflow', startCommand, requested('--out x --epochs=60 --seeds=3').given)).toBe(
      'npx tangentflow --seeds 3'
    ))

  it.each(['--help', '-h', '--seed 1 --help'])('shows the help: %s', (line) => {
    expect(read(line)).toEqual(E.right('help'))
    for (const name of [...Object.keys(startCommand.help), 'help']) expect(startUsage).toContain(`--${name}`)
  })

  it.each([
    ['--density 0', '--density', 'a number in (0, 1]', '"0"'],
    ['--density 1.5', '--density', 'a number in (0, 1]', '"1.5"'],
    ['--density NaN', '--density', 'a number in (0, 1]', '"NaN"'],
    ['--epsilon -0.1', '--epsilon', 'a finite number of at least 0', '"-0.1"'],
    ['--epsilon Infinity', '--epsilon', 'a finite number of at least 0', '"Infinity"'],
    ['--seed 1.5', '--seed', 'a whole number of at least 0', '"1.5"'],
    ['--seeds 0', '--seeds', 'a whole number in [1, 100000]', '"0"'],
    ['--seeds 1e15', '--seeds', 'a whole number in [1, 100000]', '"1e15"'],
    ['--epochs many', '--epochs', 'a whole number of at least 1', '"many"'],
    ['--threads 0', '--threads', 'a whole number of at least 1', '"0"'],
    ['--out=', '--out', 'a folder', '""'],
    ['--seed', '--seed', '<n>: the first seed', 'nothing'],
    ['--seed --epochs 3', '--seed', '<n>: the first seed', '"--epochs"']
  ])('names option, expectation and what came: %s', (line, where, expected, received) =>
    expect(read(line)).toEqual(
      E.left({ _tag: 'ConfigError', operation: 'tangentflow', expected, received, where })
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
      left: {
        received: '"--epsilom"',
        expected: expect.stringContaining('an option, perhaps --epsilon: --seed, --seeds,') as string
      }
    })
    expect(read('run')).toMatchObject({ left: { _tag: 'ConfigError', received: '"run"' } })
  })
})

describe('readRequest', () => {
  const command: Command<{ readonly yes?: 'true'; readonly to?: string }> = {
    operation: 'copy',
    words: [1, 'a file'],
    options: t.partial({ yes: t.literal('true'), to: t.string }),
    help: { yes: ['', 'go on'], to: ['place', 'where to'] }
  }

  it('reads switches without a value, and words', () =>
    expect(readRequest(command, ['--yes', 'x', '--to', 'y'])).toEqual(
      E.right({
        options: { yes: 'true', to: 'y' },
        words: ['x'],
        given: [
          ['yes', 'true'],
          ['to', 'y']
        ]
      })
    ))

  it('takes the switches of every command anywhere, and gives switches no value', () => {
    expect(readRequest(command, ['x', '--quiet', '--json', '--yes'])).toMatchObject({
      right: { words: ['x'], given: [['yes', 'true']] }
    })
    for (const name of ['--json', '--yes'])
      expect(readRequest(command, [`${name}=true`])).toMatchObject({
        left: { expected: 'no value', received: '"true"', where: name }
      })
  })

  it('refuses more words than the command takes', () =>
    expect(readRequest(command, ['x', 'y'])).toMatchObject({
      left: { operation: 'copy', expected: expect.stringContaining('a file, or an option') as string }
    }))
})
