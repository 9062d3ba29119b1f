import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { parseOptions } from '../../../bench/harness/options.js'

const parse = (...args: readonly string[]) =>
  parseOptions(args, {
    steps: ['mlp-step', 'awt-step'],
    kernels: ['contract: matmul NN 64³'],
    gpu: ['mlp-step', 'products', 'cnn-step'],
    costs: []
  })

const defaults = {
  suite: 'steps',
  only: [],
  candidates: [],
  threads: [1, 2],
  backends: ['webasm', 'cpu', 'webgpu', 'headlessgl'],
  widths: [],
  limit: undefined,
  large: false,
  file: undefined,
  json: undefined,
  from: undefined,
  page: undefined,
  quick: false,
  list: false,
  help: false
}

describe('options of the benchmark', () => {
  it('have defaults', () => {
    expect(parse()).toEqual(E.right(defaults))
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
        ...defaults,
        only: ['mlp-step', 'awt-step'],
        candidates: ['onnx'],
        threads: [2],
        json: 'out.json',
        quick: true
      })
    )
  })

  it('of kernels take a part of a name', () => {
    const read = parse('--suite', 'kernels', '--only', 'matmul', '--backends', 'cpu', '--page', 'out.md')
    expect(read).toEqual(
      E.right({ ...defaults, suite: 'kernels', only: ['matmul'], backends: ['cpu'], page: 'out.md' })
    )
  })

  it('of GPUs take widths, a limit and a part of a name', () => {
    const read = parse('--suite', 'gpu', '--only', 'products 64,cnn', '--widths', '64,128', '--limit', '9')
    expect(read).toEqual(
      E.right({ ...defaults, suite: 'gpu', only: ['products 64', 'cnn'], widths: [64, 128], limit: 9 })
    )
  })

  it.each([
    [['--suite', 'gpu', '--widths', '64,x'], '--widths'],
    [['--suite', 'gpu', '--limit', '0'], '--limit'],
    [['--suite', 'nothing'], '--suite'],
    [['--suite', 'kernels', '--only', 'mlp-step'], '--only'],
    [['--only', 'matmul'], '--only'],
    [['--backends', 'gpu'], '--backends'],
    [['--page', ''], '--page'],
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
