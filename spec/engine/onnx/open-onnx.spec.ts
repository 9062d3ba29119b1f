import * as E from 'fp-ts/lib/Either.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Executable } from '../../../lib/engine/backend.js'
import { openOnnx } from '../../../lib/engine/onnx/open-onnx.js'
import { planOf } from '../../../lib/engine/plan.js'
import { apply } from '../../../lib/graph/tensor.js'
import { array, expectLeft, expectRight, input, kinds, openBackend, runOn } from './support.js'

const x = input([3])
const plan = planOf({ inputs: [x], outputs: [apply({ tag: 'pointwise', fn: 'neg' }, [x])] })
const values = [array([3], [1, 2, 3])]

const load = async (kind: 'native' | 'wasm'): Promise<Executable> =>
  expectRight(await (await openBackend(kind)).load(plan)())

describe.each(kinds)('the onnx backend, %s', (kind) => {
  it('says who executes, with the version of the package', async () => {
    const { executed } = await openBackend(kind)
    expect(executed.engine).toBe(`onnx:${kind}`)
    expect(executed.backend).toMatch(
      kind === 'native' ? /^onnxruntime-node \d+\.\d+\.\d+ cpu$/ : /^onnxruntime-web \d+\.\d+\.\d+ wasm$/
    )
    expect(executed.threads).toBe(1)
  })

  it('takes float64 inputs and gives float32 results that no later run touches', async () => {
    const executable = await load(kind)
    const [first] = expectRight(
      await executable.run([{ _tag: 'NdArray', shape: [3], data: Float64Array.of(0.1, 2, 3) }])()
    )
    expectRight(await executable.run([array([3], [7, 8, 9])])())
    expect(first!.data).toEqual(Float32Array.of(-0.1, -2, -3))
  })

  it('gives an output as often as it is asked for', async () => {
    const backend = await openBackend(kind)
    const y = apply({ tag: 'pointwise', fn: 'exp' }, [x])
    const results = await runOn(backend, [x], [y, x, y], values)
    expect(results.map(({ data }) => data[0])).toEqual([Math.fround(Math.E), 1, Math.fround(Math.E)])
  })

  it('runs many small inputs and outputs', async () => {
    const backend = await openBackend(kind)
    const inputs = Array.from({ length: 300 }, () => input([4]))
    const outputs = inputs.map((each) => apply({ tag: 'pointwise', fn: 'neg' }, [each]))
    const results = await runOn(
      backend,
      inputs,
      outputs,
      inputs.map((_, k) => array([4], [k, k, k, k]))
    )
    expect(results.map(({ data }) => data[3])).toEqual(inputs.map((_, k) => (k === 0 ? -0 : -k)))
  })

  it('refuses to run what was disposed, however often it is disposed', async () => {
    const executable = await load(kind)
    await executable.dispose()
    await executable.dispose()
    expect(expectLeft(await executable.run(values)())).toMatchObject({
      _tag: 'EngineError',
      operation: 'onnx.run'
    })
  })

  it('disposes its programs with the engine, and loads no more', async () => {
    const backend = await openBackend(kind)
    const executable = expectRight(await backend.load(plan)())
    await backend.dispose()
    await backend.dispose()
    expect(expectLeft(await executable.run(values)()).operation).toBe('onnx.run')
    expect(expectLeft(await backend.load(plan)())).toMatchObject({
      _tag: 'EngineError',
      operation: 'onnx.load'
    })
  })

  it('carries the message of ONNX Runtime in its errors', async () => {
    const executable = await load(kind)
    const error = expectLeft(await executable.run([array([4], [1, 2, 3, 4])])())
    expect(error).toMatchObject({ _tag: 'EngineError', operation: 'onnx.run' })
    expect(error.received).toMatch(/dimension/i)
  })

  it('can be used again after an error', async () => {
    const executable = await load(kind)
    expectLeft(await executable.run([array([4], [1, 2, 3, 4])])())
    expect(expectRight(await executable.run(values)())[0]!.data).toEqual(Float32Array.of(-1, -2, -3))
  })
})

describe('threads', () => {
  it('are counted as they are: those of WebAssembly belong to the process', async () => {
    const first = expectRight(await openOnnx('wasm')({ threads: 1 })())
    const second = expectRight(await openOnnx('wasm')({ threads: 2 })())
    expect([first.executed.threads, second.executed.threads]).toEqual([1, 1])
    expect(expectRight(await openOnnx('native')({ threads: 2 })()).executed.threads).toBe(2)
  })
})

describe('a package that is not there', () => {
  afterEach(() => {
    vi.doUnmock('onnxruntime-node')
    vi.doUnmock('onnxruntime-web')
  })

  it.each([
    ['native', 'onnxruntime-node'],
    ['wasm', 'onnxruntime-web']
  ] as const)('is a Left that names it: %s', async (kind, name) => {
    vi.doMock(name, () => {
      throw new Error('not installed')
    })
    const opened = await openOnnx(kind)({ threads: 1 })()
    expect(E.isLeft(opened)).toBe(true)
    expect(expectLeft(opened)).toMatchObject({
      _tag: 'EngineError',
      operation: 'openEngine',
      expected: `the package ${name}`
    })
  })
})
