import * as E from 'fp-ts/lib/Either.js'
import { openEngine } from 'tangentflow'
import { expect, it } from 'vitest'
import { field } from '../../lib/engine/inspect.js'

it('onnx:wasm is refused where its WebAssembly cannot be had, and auto takes the next engine', async () => {
  const page = field(globalThis, 'WebAssembly') as object
  const known = {
    instantiate: field(page, 'instantiate'),
    instantiateStreaming: field(page, 'instantiateStreaming')
  }
  const forbidden = () => Promise.reject(new Error('not on this page'))
  Object.assign(page, { instantiate: forbidden, instantiateStreaming: forbidden })
  try {
    const refused = await openEngine({ require: 'onnx:wasm' })()
    expect(E.isLeft(refused) && refused.left).toMatchObject({
      _tag: 'EngineError',
      operation: 'openEngine',
      expected: 'the WebAssembly of onnxruntime-web',
      where: 'onnx:wasm'
    })
    const opened = await openEngine()()
    if (E.isLeft(opened)) throw new Error(opened.left.received)
    expect(opened.right.name).toBe('gpujs:webasm')
    await opened.right.dispose()
  } finally {
    Object.assign(page, known)
  }
})
