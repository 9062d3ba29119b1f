import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { fromNested, of, zeros } from '../../lib/core/ndarray.js'
import { compile, run } from '../../lib/engine/compile.js'
import type { Engine } from '../../lib/engine/engine.js'
import type { EngineName } from '../../lib/engine/engines.js'
import { openEngine, withEngine } from '../../lib/engine/open-engine.js'
import { keySpec, spec } from '../../lib/graph/spec.js'
import { ops } from '../../lib/graph/ops/index.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { trace } from '../../lib/graph/trace.js'
import { expectRefusal } from '../support/refusal.js'

const right = <A>(result: E.Either<unknown, A>): A => {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

const isClosed = async (engine: Engine): Promise<boolean> =>
  E.isLeft(await compile(engine)((x: Tensor) => x, [spec([1])])())

describe('withEngine', () => {
  it.each([
    ['a traced function', (engine: Engine) => run(engine)(() => boom())()],
    ['the use itself', () => boom()],
    ['an effect', () => async () => boom()]
  ])('closes the engine when %s throws', async (_, use) => {
    let seen: Engine | undefined
    const outcome = await withEngine({ require: 'reference' })((engine) => {
      seen = engine
      return use(engine)
    })()
    const received = expect.stringMatching(/^(?:.*, which raised )?Error: mine$/) as string
    expect(outcome).toMatchObject({ left: { _tag: 'ArgumentError', received } })
    expect(seen !== undefined && (await isClosed(seen))).toBe(true)
  })
})

describe('more places than float32 counts', () => {
  const many = 2 ** 24 + 2
  const last = (x: Tensor): Tensor => ops.slice([many - 1], [many])(ops.add(x)(ops.iota([many])))
  it.each(['onnx:native', 'onnx:wasm', 'gpujs:webasm', 'gpujs:cpu'] as const)('on %s', async (require) => {
    const engine = right(await openEngine({ require })())
    expect(await compile(engine)(last, [spec([])])()).toMatchObject({
      left: {
        _tag: 'EngineError',
        expected: expect.stringContaining('16777216 places') as string,
        received: `${many}`
      }
    })
    await engine.dispose()
  })
  it('are places of the largest up to there', async () => {
    const engine = right(await openEngine({ require: 'onnx:native' })())
    const size = 2 ** 23 + 8
    const x = of([size], new Float32Array(size).fill(1, size - 3))
    const { value, executed } = right(await run(engine)(ops.argMax())(x)())
    expect([executed.engine, value.data[0]]).toEqual(['onnx:native', size - 3])
    await engine.dispose()
  })
})

const boom = (): never => {
  throw new Error('mine')
}

describe('openEngine', () => {
  it('refuses to require auto, which names no engine', async () =>
    expect(await openEngine({ require: 'auto' as EngineName })()).toMatchObject({
      left: { _tag: 'ConfigError', operation: 'openEngine', received: 'auto' }
    }))
})

describe.each(['reference', 'gpujs:cpu'] as const)('a program on %s', (name) => {
  const use = <A>(body: (engine: Engine) => Promise<A>): Promise<E.Either<unknown, A>> =>
    withEngine({ require: name })((engine) => TE.fromTask(() => body(engine)))()

  it('refuses arguments whose fields have other names', async () => {
    const outcome = await use(async (engine) => {
      const difference = ({ a, b }: { a: Tensor; b: Tensor }): Tensor => ops.sub(b)(a)
      const program = right(await compile(engine)(difference, [{ a: spec([2]), b: spec([2]) }])())
      return program({ a: zeros([2]), c: zeros([2]) } as never)()
    })
    expect(right(outcome)).toMatchObject({
      left: {
        _tag: 'TreeError',
        operation: 'run',
        expected: 'an argument at [0].b',
        received: 'one at [0].c'
      }
    })
  })
  it('refuses an array with too few elements for its shape', async () => {
    const short = { _tag: 'NdArray', shape: [2, 3], data: new Float32Array(2) } as const
    const outcome = await use((engine) => run(engine)((x: Tensor) => ops.exp(x))(short)())
    expect(right(outcome)).toMatchObject({
      left: { _tag: 'ShapeError', operation: 'run', expected: '6 elements for [2,3]', received: '2' }
    })
  })
  it('refuses to run once its engine is disposed', async () => {
    const outcome = await use(async (engine) => {
      const program = right(await compile(engine)((x: Tensor) => ops.exp(x), [spec([2])])())
      expect(E.isRight(await program(fromNested([1, 2]))())).toBe(true)
      await engine.dispose()
      return program(fromNested([1, 2]))()
    })
    expect(right(outcome)).toMatchObject({ left: { _tag: 'EngineError', operation: 'run' } })
  })
})

describe('operations', () => {
  it.each([
    ['ones', () => ops.ones([-1])],
    ['fill', () => ops.fill(2, [0])],
    ['eye', () => ops.eye(1.5)]
  ])('%s refuses sizes that are not whole and at least 1', (operation, compute) =>
    expectRefusal(compute, 'ShapeError', `ops.${operation}`, 'whole sizes', '[')
  )
  it.each([
    ['alone', (_: Tensor, key: Tensor) => ops.neg(key)],
    ['as an operand', (x: Tensor, key: Tensor) => ops.add(key)(x)]
  ])('refuses a key where a tensor is meant, %s', (_, f) =>
    expect(trace(f, [spec([2]), keySpec as never])).toMatchObject({
      left: { _tag: 'ArgumentError', received: 'a key' }
    })
  )
})
