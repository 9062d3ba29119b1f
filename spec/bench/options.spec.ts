import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { parseOptions } from '../../bench/harness/options.js'

const parse = (...args: readonly string[]) => parseOptions(args, ['mlp-step', 'awt-step'])

describe('options of the benchmark', () => {
  it('have defaults', () => {
    expect(parse()).toEqual(
      E.right({
        only: [],
        candidates: [],
        threads: [1, 2],
        json: undefined,
        quick: false,
        list: false,
        help: false
      })
    )
  })

  it('are read', () => {
    expect(
      parse(
        '--only',
        'mlp-step,awt-step',
        '--threads=2',
        '--json',
        'out.json',
        '--quick',
        '--candidates',
        'onnx'
      )
    ).toEqual(
      E.right({
        only: ['mlp-step', 'awt-step'],
        candidates: ['onnx'],
        threads: [2],
        json: 'out.json',
        quick: true,
        list: false,
        help: false
      })
    )
  })

  it.each([
    [['--only', 'nothing'], '--only'],
    [['--only', ''], '--only'],
    [['--threads', '0'], '--threads'],
    [['--threads', '1.5'], '--threads'],
    [['--threads', 'NaN'], '--threads'],
    [['--threads', '1,,2'], '--threads'],
    [['--candidates', ''], '--candidates'],
    [['--json', ''], '--json'],
    [['--json'], undefined],
    [['--fast'], undefined],
    [['stray'], undefined]
  ])('refuse %j with a ConfigError', (args, where) => {
    const refused = parse(...args)
    expect(E.isLeft(refused) && refused.left._tag).toBe('ConfigError')
    expect(E.isLeft(refused) && refused.left.where).toBe(where)
  })
})
