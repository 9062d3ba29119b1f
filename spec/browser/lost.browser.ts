import { compile, formatError, ndarray, openEngine, ops, run, spec, type Tensor } from 'tangentflow'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, expect, it } from 'vitest'
import { field } from '../../lib/engine/inspect.js'
import { right } from '../support/either.js'

type Context = {
  getExtension: (name: string) => { loseContext: () => void } | null
  compileShader: (shader: object) => void
}
type GetContext = (this: object, ...args: readonly unknown[]) => unknown

/** Every WebGL 2 context that the page makes. */
const contexts: Context[] = []
const undo: (() => void)[] = []
for (const name of ['HTMLCanvasElement', 'OffscreenCanvas']) {
  const prototype = field(globalThis, name, 'prototype') as { getContext: GetContext }
  const { getContext } = prototype
  prototype.getContext = function (...args) {
    const context = Reflect.apply(getContext, this, args)
    if (args[0] === 'webgl2' && context !== null) contexts.push(context as Context)
    return context
  }
  undo.push(() => Object.assign(prototype, { getContext }))
}
afterAll(() => undo.forEach((back) => back()))

const doubled = (x: Tensor): Tensor => ops.scale(2)(ops.exp(ops.log(x)))

it('a lost WebGL context is an error that says so, and the engine can be opened again', async (context) => {
  const opened = await openEngine({ require: 'gpujs:webgl2' })()
  if (E.isLeft(opened)) return context.skip(formatError(opened.left))
  const x = ndarray.fromNested([1, 2, 3])
  const program = right(await compile(opened.right)(doubled, [spec([3])])())
  const run = async () => right(await program(x)()).value
  const values = [...(await run()).data]
  values.forEach((value, i) => expect(value).toBeCloseTo(2 * (i + 1), 4))

  expect(contexts.length).toBeGreaterThan(0)
  for (const one of contexts) one.getExtension('WEBGL_lose_context')?.loseContext()
  const lost = await program(x)()
  expect(lost).toMatchObject({ _tag: 'Left', left: { _tag: 'EngineError', operation: 'gpujs' } })
  expect(E.isLeft(lost) && lost.left.expected).toContain('a device that is there; open the engine again')
  expect([...x.data]).toEqual([1, 2, 3])
  const later = await compile(opened.right)((y: Tensor) => ops.sin(y), [spec([3])])()
  expect(later).toMatchObject({ _tag: 'Left', left: { _tag: 'EngineError' } })
  await opened.right.dispose()

  const again = right(await openEngine({ require: 'gpujs:webgl2' })())
  const fresh = right(await compile(again)(doubled, [spec([3])])())
  expect([...right(await fresh(x)()).value.data]).toEqual(values)
  await again.dispose()
})

it('a context lost while a kernel is looked for that does not compile is a lost device', async (context) => {
  const opened = await openEngine({ require: 'gpujs:webgl2' })()
  if (E.isLeft(opened)) return context.skip(formatError(opened.left))
  const own = contexts.at(-1)!
  let calls = 0
  own.compileShader = () => {
    if (calls++ === 0) throw new Error('a compiler that gives up')
    own.getExtension('WEBGL_lose_context')?.loseContext()
  }
  const refused = await compile(opened.right)(doubled, [spec([3])])()
  expect(E.isLeft(refused) && refused.left.expected).toContain(
    'a device that is there; open the engine again'
  )
  await opened.right.dispose()
})

it('a context that compiles nothing and does not say why, as when its GPU process has gone, is a lost device', async (context) => {
  const opened = await openEngine({ require: 'gpujs:webgl2' })()
  if (E.isLeft(opened)) return context.skip(formatError(opened.left))
  const x = ndarray.fromNested([1, 2, 3])
  const program = right(await compile(opened.right)(doubled, [spec([3])])())
  contexts.at(-1)!.compileShader = () => undefined
  const lost = [
    await compile(opened.right)((y: Tensor) => ops.sin(y), [spec([3])])(),
    await program(x)(),
    await compile(opened.right)((y: Tensor) => ops.cos(y), [spec([3])])()
  ]
  for (const each of lost) {
    expect(each).toMatchObject({ _tag: 'Left', left: { _tag: 'EngineError', operation: 'gpujs' } })
    expect(E.isLeft(each) && each.left.expected).toContain('a device that is there; open the engine again')
  }
  await opened.right.dispose()
  expect(Object.values(opened.right.held()).filter((count) => count !== 0)).toEqual([])
  const again = right(await openEngine({ require: 'gpujs:webgl2' })())
  right(await run(again)(doubled)(x)())
  await again.dispose()
})
