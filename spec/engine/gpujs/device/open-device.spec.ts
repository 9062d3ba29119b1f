import * as E from 'fp-ts/lib/Either.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EngineName } from '../../../../lib/engine/engines.js'
import { openEngine } from '../../../../lib/engine/open-engine.js'
import { right } from '../support.js'

const refusal = async (require: EngineName): Promise<unknown> => {
  const opened = await openEngine({ require })()
  if (E.isRight(opened)) {
    await opened.right.dispose()
    throw new Error('it opened')
  }
  return opened.left
}

// Each of these names what to install or to set, and where it was looked for.
describe('an engine of gpu.js that is not there', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.unstubAllGlobals()
  })

  it('is gpujs:webgl2 in Node', async () =>
    expect(await refusal('gpujs:webgl2')).toEqual({
      _tag: 'EngineError',
      operation: 'openEngine',
      expected: 'a browser; in Node ask for gpujs:headlessgl',
      received: 'Node',
      where: 'gpujs:webgl2'
    }))

  it('is gpujs:webgpu without an adapter', async () => {
    vi.stubGlobal('navigator', { gpu: { requestAdapter: () => Promise.resolve(null) } })
    expect(await refusal('gpujs:webgpu')).toMatchObject({
      _tag: 'EngineError',
      expected: expect.stringContaining('VK_ICD_FILENAMES') as string,
      received: 'none'
    })
  })

  it('is gpujs:headlessgl without an X server', async () => {
    vi.stubEnv('DISPLAY', ':98765')
    expect(await refusal('gpujs:headlessgl')).toMatchObject({
      _tag: 'EngineError',
      expected: expect.stringMatching(/xvfb-run -a|npm rebuild gl/) as string,
      where: 'gpujs:headlessgl'
    })
  })
})

describe('gpujs:webgpu', () => {
  it('leaves no global behind, and shares a device while anyone uses it', async (context) => {
    const names = Object.getOwnPropertyNames(globalThis)
    const first = await openEngine({ require: 'gpujs:webgpu' })()
    if (E.isLeft(first)) return context.skip(first.left.expected)
    const second = right(await openEngine({ require: 'gpujs:webgpu' })())
    expect(Object.getOwnPropertyNames(globalThis)).toEqual(names)
    await first.right.dispose()
    expect(second.held()).toMatchObject({ kernels: 0, plans: 0, buffers: 0 })
    await second.dispose()
    const third = right(await openEngine({ require: 'gpujs:webgpu' })())
    await third.dispose()
  })
})
