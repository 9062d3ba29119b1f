import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { formatError } from '../../lib/core/error.js'
import { of } from '../../lib/core/ndarray.js'
import { compile } from '../../lib/engine/compile.js'
import { type EngineName, engineNames } from '../../lib/engine/engines.js'
import { openEngine } from '../../lib/engine/open-engine.js'
import { ops } from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'

const available = engineNames.filter((name) => name !== 'gpujs:webgl2')
const f = (x: Tensor): Tensor => ops.sum()(ops.matmul(x)(x))

describe.each(available)('%s that is disposed of', (name: EngineName) => {
  it('lets what runs come to its end, and refuses what comes after', async (context) => {
    const opened = await openEngine({ require: name })()
    if (E.isLeft(opened)) return context.skip(formatError(opened.left))
    const engine = opened.right
    const program = await compile(engine)(f, [spec([64, 64])])()
    if (E.isLeft(program)) throw new Error(formatError(program.left))
    const x = of([64, 64], new Float32Array(64 ** 2).fill(1))
    const running = [program.right(x)(), program.right(x)()]
    const loading = compile(engine)((y: Tensor) => ops.exp(y), [spec([5])])()
    const [first, second] = [engine.dispose(), engine.dispose()]
    for (const result of await Promise.all(running)) {
      if (E.isLeft(result)) throw new Error(formatError(result.left))
      expect(result.right.value.data[0]).toBe(64 ** 3)
    }
    expect(E.isRight(await loading)).toBe(true)
    await Promise.all([first, second])
    expect(engine.programs()).toBe(0)
    const closed = { left: { _tag: 'EngineError', expected: 'an open engine' } }
    expect(await program.right(x)()).toMatchObject(closed)
    expect(await compile(engine)(f, [spec([3, 3])])()).toMatchObject(closed)
  })
})
