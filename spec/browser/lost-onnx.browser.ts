import * as E from 'fp-ts/lib/Either.js'
import { env } from 'onnxruntime-web/webgpu'
import { compile, formatError, ndarray, openEngine, ops, resident, spec, type Tensor } from 'tangentflow'
import { expect, it } from 'vitest'
import { right } from '../support/either.js'

it('a lost device of onnx:webgpu is an error that says so, and the arguments are unchanged', async (context) => {
  const opened = await openEngine({ require: 'onnx:webgpu' })()
  if (E.isLeft(opened)) return context.skip(formatError(opened.left))
  const x = ndarray.fromNested([1, 2, 3])
  const program = right(await compile(opened.right)((y: Tensor) => ops.scale(2)(y), [spec([3])])())
  expect([...right(await program(x)()).value.data]).toEqual([2, 4, 6])
  const sum = (state: Tensor, y: Tensor) => [ops.add(y)(state), ops.neg(state)] as const
  const staying = right(await resident(opened.right)(sum, [spec([3]), spec([3])])())
  expect([...right(await staying(x, [x, x])()).value[0].data]).toEqual([3, 6, 9])

  const device = (await env.webgpu.device) as { destroy: () => void; lost: Promise<unknown> }
  device.destroy()
  await device.lost
  const lost = await program(x)()
  expect(lost).toMatchObject({ _tag: 'Left', left: { _tag: 'EngineError', operation: 'onnx.run' } })
  expect(E.isLeft(lost) && lost.left.expected).toContain('a device that is there')
  expect(await staying(x, [x, x])()).toEqual(lost)
  expect([...x.data]).toEqual([1, 2, 3])
  await opened.right.dispose()
  expect(await openEngine({ require: 'onnx:webgpu' })()).toMatchObject({
    _tag: 'Left',
    left: { _tag: 'EngineError' }
  })
})
