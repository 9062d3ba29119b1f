import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  evaluateOn,
  exportOnnx,
  fold,
  grad,
  type Key,
  key,
  keySpec,
  ndarray,
  type NdArray,
  nn,
  ops,
  random,
  spec,
  type Tensor,
  tree
} from 'tangentflow'
import { isNdArray } from '../../../lib/core/ndarray.js'
import type { Runner } from '../../../lib/graph/runner.js'
import { hostLeaves } from '../../../lib/graph/spec.js'
import { trace, unflattenOut } from '../../../lib/graph/trace.js'
import { enginesAgree } from '../../../lib/laws/engine-agrees.js'
import { showReport } from '../../../lib/laws/law.js'
import { runs } from '../../support/runs.js'
import { batchOf, relativeError } from '../../support/networks.js'
import { expectLeft, expectRight } from './support.js'

const net = nn.serial(nn.dense(8), nn.relu, nn.dense(3))
const params = net.init(key(0), [4])
const { x, y } = batchOf(1, 5, 4, 3)

/** Runs the bytes of a model straight on ONNX Runtime, by the names of its file. */
const runFile = async (
  bytes: Uint8Array,
  feeds: Readonly<Record<string, NdArray>>
): Promise<Readonly<Record<string, NdArray>>> => {
  const { InferenceSession, Tensor: OrtTensor } = await import('onnxruntime-web')
  const session = await InferenceSession.create(bytes, { executionProviders: ['wasm'] })
  const tensors = Object.entries(feeds).map(
    ([name, { shape, data }]) =>
      [name, new OrtTensor('float32', Float32Array.from(data), [...shape])] as const
  )
  const results = await session.run(Object.fromEntries(tensors))
  expect([...session.inputNames].sort()).toEqual(Object.keys(feeds).sort())
  await session.release()
  return Object.fromEntries(
    Object.entries(results).map(([name, { dims, data }]) => [
      name,
      ndarray.of([...dims], data as Float32Array)
    ])
  )
}
/** Fields as odd as records have them. */
const odd = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    'a',
    'a.b',
    'b',
    '[0]',
    'a[0]',
    't0',
    't1',
    'output',
    '0',
    'x\u0000y',
    '\ud800',
    '\udc00'
  ),
  fc.string({ unit: 'binary', maxLength: 4 })
)

interface Fields {
  readonly a: { readonly b: Tensor }
}

/** Runs programs by exporting them and opening the files. Each gives its results twice, and its arguments. */
const throughFiles: Runner = {
  compile: (f, specs) => async () => {
    const { out } = expectRight(trace(f, specs))
    const file = expectRight(
      exportOnnx((...args: never[]) => [f(...(args as never)), f(...(args as never)), args], specs as never, {
        parameters: 'inputs'
      })
    )
    return E.right((...args) => async () => {
      const arrays = hostLeaves('spec', args).filter(isNdArray)
      const feeds = file.inputs.map((name, i) => [name, arrays[i]!] as const)
      const results = await runFile(file.bytes, Object.fromEntries(feeds))
      const values = file.outputs.map((name) => results[name]!.data)
      const count = (values.length - arrays.length) / 2
      expect(values.slice(count, 2 * count)).toEqual(values.slice(0, count))
      expect(values.slice(2 * count)).toEqual(arrays.map(({ data }) => Float32Array.from(data)))
      const value = unflattenOut<never>(
        out,
        file.outputs.map((name) => results[name])
      )
      return E.right({ value, executed: { engine: 'a file', backend: 'onnxruntime-web', threads: 1 } })
    })
  }
}

const feedsOf = (args: unknown): Readonly<Record<string, NdArray>> => tree.named(args)

describe('exportOnnx', () => {
  it('names the version of this package as that of its producer', async () => {
    const { version } = (await import('../../../package.json', { with: { type: 'json' } })).default
    const { bytes } = expectRight(exportOnnx(ops.neg, [spec([2])]))
    const text = new TextDecoder('latin1').decode(bytes)
    expect(text).toContain(`tangentflow\x1a${String.fromCharCode(version.length)}${version}`)
  })

  it('gives a file that ONNX Runtime runs to the same results, under the names that it says', async () => {
    const step = (p: nn.Params, images: Tensor, labels: Tensor) => {
      const loss = (q: nn.Params): Tensor => nn.crossEntropy(labels)(net.apply(q)(images))
      return { loss: loss(p), slope: grad(loss)(p) }
    }
    const file = expectRight(exportOnnx(step, [params, x, y], { parameters: 'inputs' }))
    expect(file.inputs).toEqual(['0.0.b', '0.0.w', '0.2.b', '0.2.w', '1', '2'])
    expect(file.outputs).toEqual([
      'output.loss',
      'output.slope.0.b',
      'output.slope.0.w',
      'output.slope.2.b',
      'output.slope.2.w'
    ])
    const results = await runFile(file.bytes, feedsOf([params, x, y]))
    const { loss, slope } = evaluateOn(step)(params, x, y)
    expect(relativeError(results['output.loss']!, loss)).toBeLessThan(1e-5)
    expect(relativeError(results['output.slope.0.w']!, slope[0]!.w!)).toBeLessThan(1e-5)
  })

  it('names one result output, and gives every result an output of its own', async () => {
    const double = (a: Tensor): Tensor => ops.scale(2)(a)
    const one = expectRight(exportOnnx(double, [spec([2])]))
    expect([one.inputs, one.outputs]).toEqual([['0'], ['output']])
    const many = (a: Tensor) =>
      ({ a, again: [a, double(a), double(a), double(a)], c: ops.ones([2]) }) as const
    const file = expectRight(exportOnnx(many, [spec([2])]))
    expect(file.outputs).toEqual(
      ['a', 'again.0', 'again.1', 'again.2', 'again.3', 'c'].map((name) => `output.${name}`)
    )
    const results = await runFile(file.bytes, { 0: ndarray.of([2], [1, 2]) })
    expect(file.outputs.map((name) => [...results[name]!.data])).toEqual([
      [1, 2],
      [1, 2],
      [2, 4],
      [2, 4],
      [2, 4],
      [1, 1]
    ])
  })

  it.each([
    ['arguments', (o: Fields) => o.a.b, '0.a.b'],
    ['results', ({ a }: Fields) => ({ x: { y: a.b }, 'x.y': a.b }), 'x.y']
  ])('refuses %s of one name', (what, f, where) => {
    const fields = { a: { b: spec([2]) }, ...(what === 'arguments' ? { 'a.b': spec([2]) } : {}) }
    const file = exportOnnx(f as (o: Fields) => unknown, [fields as never])
    expect(expectLeft(file)).toMatchObject({
      _tag: 'TreeError',
      operation: 'exportOnnx',
      expected: 'another name for every leaf',
      where
    })
  })

  it('gives files that run to what the function computes, as random programs show', async () => {
    const report = await enginesAgree(throughFiles, { runs: runs(60) })
    console.info(`exported files: ${showReport(report)}`)
  })

  it('names outputs and inputs by any texts, or refuses them, and the runtime has those names', () =>
    fc.assert(
      fc.asyncProperty(
        fc.dictionary(odd, fc.constant(0), { minKeys: 1, maxKeys: 4 }),
        fc.dictionary(odd, fc.constant(0), { minKeys: 1, maxKeys: 4 }),
        async (into, out) => {
          const fields = Object.keys(into).sort()
          const specs = Object.fromEntries(fields.map((field) => [field, spec([1])]))
          const f = (o: Readonly<Record<string, Tensor>>) =>
            tree.map(() => ops.add(1)(o[fields[0]!]!))(
              Object.fromEntries(Object.keys(out).map((k) => [k, o[fields[0]!]!]))
            )
          const file = exportOnnx(f, [specs as never])
          if (E.isLeft(file)) {
            expect(file.left._tag).toBe('TreeError')
            return
          }
          const { bytes, inputs, outputs } = file.right
          expect(new Set([...inputs, ...outputs]).size).toBe(inputs.length + outputs.length)
          const feeds = Object.fromEntries(inputs.map((name, i) => [name, ndarray.of([1], [i])]))
          const results = await runFile(bytes, feeds)
          expect(Object.keys(results).sort()).toEqual([...outputs].sort())
          for (const name of outputs) expect([...results[name]!.data]).toEqual([1])
        }
      ),
      { numRuns: runs(100) }
    ))

  it('has the names that are chosen, also those of values inside', async () => {
    const logits = (p: nn.Params, images: Tensor) => ({
      logits: net.apply(p)(images),
      twice: ops.scale(2)(images)
    })
    const options = { batchAxes: [null, 0], outputNames: ['t7', 't9'], descriptions: { t7: 'logits' } }
    const file = expectRight(exportOnnx(logits, [params, spec([1, 4])], { ...options, inputNames: ['t8'] }))
    expect([file.inputs, file.outputs]).toEqual([['t8'], ['t7', 't9']])
    const results = await runFile(file.bytes, { t8: x })
    expect(relativeError(results['t7']!, evaluateOn(logits)(params, x).logits)).toBeLessThan(1e-5)
    expect([...results['t9']!.data]).toEqual([...x.data].map((v) => Math.fround(2 * v)))
    const inputs = exportOnnx(logits, [params, x], {
      parameters: 'inputs',
      inputNames: ['b0', 'w0', 'b1', 'w1', 'x']
    })
    expect(expectRight(inputs).inputs).toEqual(['b0', 'w0', 'b1', 'w1', 'x'])
  })

  it.each([
    [{ inputNames: [] }, 'ArgumentError', '1 names, for 1', 'inputNames'],
    [{ outputNames: ['a', 'b'] }, 'ArgumentError', '1 names, for output', 'outputNames'],
    [{ outputNames: [3 as never] }, 'ArgumentError', 'names that are texts', 'outputNames, 0'],
    [{ inputNames: ['a\0'] }, 'TreeError', 'names without the character 0, where runtimes end them', 'a\0'],
    [
      { inputNames: ['a'], outputNames: ['a'] },
      'TreeError',
      'another name for every input, output and constant',
      'a'
    ],
    [{ inputNames: ['0.0.w'] }, 'TreeError', 'another name for every input, output and constant', '0.0.w']
  ])('refuses names %j', (options, _tag, expected, where) => {
    const logits = (p: nn.Params, images: Tensor) => net.apply(p)(images)
    const file = exportOnnx(logits, [params, spec([1, 4])], options)
    expect(expectLeft(file)).toMatchObject({ _tag, operation: 'exportOnnx', expected, where })
  })

  it('refuses a key among the arguments, not one that is fixed, and shapes that do not fit', () => {
    const noise = (k: Key): Tensor => random.normal([2])(k)
    expect(expectLeft(exportOnnx(noise, [keySpec]))).toMatchObject({ _tag: 'ArgumentError', where: '[0]' })
    const fixed = exportOnnx((a: Tensor) => ops.add(noise(fold(1)(key(0))))(a), [spec([2])])
    // a fixed key is a constant of the graph
    expect(expectRight(fixed).inputs).toEqual(['0'])
    const wrong = exportOnnx((a: Tensor, b: Tensor) => ops.matmul(b)(a), [spec([2, 3]), spec([2, 3])])
    expect(expectLeft(wrong)).toMatchObject({ _tag: 'ShapeError' })
  })
})
