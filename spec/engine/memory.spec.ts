import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { pipe } from 'fp-ts/lib/function.js'
import {
  compile,
  type Engine,
  engineNames,
  evaluateOn,
  formatError,
  ndarray,
  openEngine,
  ops,
  run,
  spec,
  type Tensor
} from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { ownsItsMemory, type RunSomewhere } from '../support/ownership.js'
import { specsOf } from '../../lib/graph/spec.js'

const compiled =
  (engine: Engine): RunSomewhere =>
  async (f, args) =>
    right(
      await pipe(
        compile(engine)(f, specsOf('spec', args)),
        TE.flatMap((program) => program(...(args as never)))
      )()
    ).value as never

const names = engineNames.filter((name) => name !== 'gpujs:webgl2')

describe('evaluateOn', () => {
  it('gives results that are the caller’s', () =>
    ownsItsMemory(async (f, args) => evaluateOn(f)(...args), 60))
})

describe.each(names)('%s', (name) => {
  const use = async (
    context: { readonly skip: (note: string) => never },
    body: (engine: Engine) => Promise<void>
  ): Promise<void> => {
    const opened = await openEngine({ require: name })()
    if (E.isLeft(opened)) return context.skip(formatError(opened.left))
    try {
      await body(opened.right)
    } finally {
      await opened.right.dispose()
    }
  }

  it('gives results that are the caller’s', (context) =>
    use(context, (engine) =>
      ownsItsMemory(compiled(engine), name.endsWith('gl') || name.endsWith('gpu') ? 4 : 20)
    ))

  it('keeps −0 in constants and arguments', (context) =>
    use(context, async (engine) => {
      const zero = ndarray.of([1], [-0])
      const f = (x: Tensor) =>
        ({
          constant: ops.constant(zero),
          wide: ops.broadcastTo([3])(ops.constant(zero)),
          x,
          y: ops.reshape([1, 1])(x)
        }) as const
      const { value } = right(await run(engine)(f)(zero)())
      const { constant, wide, ...passed } = value
      // a GPU may know one constant 0 only
      const given = name === 'gpujs:webgpu' || name === 'gpujs:headlessgl' ? Math.abs : (x: number) => x
      for (const { data } of [constant, wide]) for (const x of data) expect(given(x)).toBe(given(-0))
      for (const { data } of Object.values(passed)) for (const x of data) expect(x).toBe(-0)
    }))

  it('holds nothing once it is disposed of', (context) =>
    use(context, async (engine) => {
      right(await compile(engine)((x: Tensor) => ops.exp(ops.matmul(x)(x)), [spec([3, 3])])())
      await engine.dispose()
      expect(Object.values(engine.held()).filter((count) => count !== 0)).toEqual([])
    }))
})
