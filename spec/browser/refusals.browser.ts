import * as E from 'fp-ts/lib/Either.js'
import { type EngineName, openEngine, type TangentError } from 'tangentflow'
import { expect, it } from 'vitest'
import { field } from '../../lib/engine/inspect.js'

const refusal = async (require: EngineName): Promise<TangentError> => {
  const opened = await openEngine({ require })()
  if (E.isLeft(opened)) return opened.left
  throw new Error(`${require} is there: ${opened.right.describe.backend}`)
}

/** Runs while a property of an object of the page is another. */
const having = async (
  owner: unknown,
  name: string,
  value: unknown,
  body: () => Promise<void>
): Promise<void> => {
  if (typeof owner !== 'object' || owner === null) throw new Error(`nothing that has ${name}`)
  const known = Object.getOwnPropertyDescriptor(owner, name)
  Object.defineProperty(owner, name, { value, configurable: true, writable: true })
  try {
    await body()
  } finally {
    if (known === undefined) Reflect.deleteProperty(owner, name)
    else Object.defineProperty(owner, name, known)
  }
}

it.each([
  ['onnx:native', 'the package onnxruntime-node'],
  ['gpujs:headlessgl', 'Node; in a browser ask for gpujs:webgl2']
] as const)('%s is refused in a page', async (name, expected) => {
  expect(await refusal(name)).toMatchObject({ _tag: 'EngineError', operation: 'openEngine', expected })
})

it('webgl2 is refused where the page gets no context', () =>
  having(
    field(globalThis, 'HTMLCanvasElement', 'prototype'),
    'getContext',
    () => null,
    () =>
      having(
        field(globalThis, 'OffscreenCanvas', 'prototype'),
        'getContext',
        () => null,
        async () => {
          expect(await refusal('gpujs:webgl2')).toMatchObject({
            _tag: 'EngineError',
            expected: 'a browser with WebGL 2',
            where: 'gpujs:webgl2'
          })
        }
      )
  ))

it('webgpu is refused where there is no adapter, and where the browser has none of it', async () => {
  const navigator = field(globalThis, 'navigator')
  await having(navigator, 'gpu', { requestAdapter: async () => null }, async () => {
    expect(await refusal('gpujs:webgpu')).toMatchObject({
      _tag: 'EngineError',
      expected: 'a browser with a WebGPU adapter',
      where: 'gpujs:webgpu'
    })
  })
  await having(navigator, 'gpu', undefined, async () => {
    expect(await refusal('gpujs:webgpu')).toMatchObject({
      _tag: 'EngineError',
      expected: 'a browser with WebGPU'
    })
  })
})

it('what is preferred and not there becomes the next in order, and says so', async () => {
  const opened = await openEngine({ prefer: 'onnx:native' })()
  if (E.isLeft(opened)) throw new Error(opened.left.received)
  expect(opened.right.name).toBe('onnx:wasm')
  expect(opened.right.describe.engine).toBe('onnx:wasm')
  await opened.right.dispose()
})
