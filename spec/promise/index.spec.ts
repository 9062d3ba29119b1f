import type { Either } from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, expectTypeOf, it } from 'vitest'
import * as base from '../../lib/index.js'
import * as promise from '../../lib/promise/index.js'

const { attack, data, key, ndarray, nn, ops, train, withEngine } = promise

const namespaces = ['attack', 'checkpoint', 'data', 'format', 'mask', 'ntk', 'plot', 'train'] as const
/** Namespaces that are the same in both, which must not have what is to be promised either. */
type Others = 'ndarray' | 'nn' | 'tree'

/** What a function gives once all of up to five lists of arguments are there. */
type Last<F, Depth extends readonly unknown[] = []> = Depth['length'] extends 5
  ? F
  : F extends (...args: never[]) => infer R
    ? Last<R, [...Depth, unknown]>
    : F
type IsOutcome<A> = [A] extends [never]
  ? false
  : [A] extends [Either<base.TangentError, unknown> | Promise<Either<base.TangentError, unknown>>]
    ? true
    : false
type Records = 'npy' | 'npz' | 'safetensors'
/** The names of a namespace whose results are effects or Eithers, also in the records of file formats. */
type Outcomes<N> = {
  [K in keyof N]: K extends Records
    ? true extends { [F in keyof N[K]]: IsOutcome<Last<N[K][F]>> }[keyof N[K]]
      ? K
      : never
    : IsOutcome<Last<N[K]>> extends true
      ? K
      : never
}[keyof N]

/** One where nothing is promised, so that the type is seen to find what it should. */
type Found = Outcomes<typeof base.train>

describe('tangentflow/promise', () => {
  it('has every name of tangentflow, in every namespace', () => {
    expect(Object.keys(promise).sort()).toEqual([...Object.keys(base), 'effect'].sort())
    for (const name of namespaces)
      expect(Object.keys(promise[name]).sort()).toEqual(Object.keys(base[name]).sort())
  })

  it('gives no effect and no Either, by type', () => {
    expectTypeOf<Found>().toEqualTypeOf<
      'fit' | 'meanLoss' | 'paramsAfter' | 'rewind' | 'threeStage' | 'trainAndPrune'
    >()
    expectTypeOf<Outcomes<typeof base.format>>().toEqualTypeOf<'npy' | 'npz' | 'safetensors'>()
    type Namespaces = (typeof namespaces)[number] | Others
    expectTypeOf<{ [N in Namespaces]: Outcomes<(typeof promise)[N]> }[Namespaces]>().toBeNever()
    // the children of a key have as many types as lists have lengths
    expectTypeOf<Exclude<Outcomes<Omit<typeof promise, 'split'>>, 'unwrap' | 'effect'>>().toBeNever()
  })

  it('keeps the types of models and programs', async () => {
    expectTypeOf(promise.ntk.predictMse).returns.toEqualTypeOf<promise.ntk.Prediction>()
    expectTypeOf(promise.data.idx()).returns.toEqualTypeOf<promise.NdArray>()
    expectTypeOf(promise.openEngine).returns.toEqualTypeOf<Promise<promise.Engine>>()
    const net = nn.record({ stem: nn.dense(4), head: nn.dense(10) })
    type Params = promise.nn.ParamsOf<typeof net>
    const recipe = { epochs: 1, batch: 8, optimiser: train.sgd, schedule: train.schedule.constant(0.1) }
    const examples = data.take([0, 1, 2, 3, 4, 5, 6, 7])(data.digits())
    const start = net.init(key(0), [64])
    const [fitted, robust, value] = await withEngine({ require: 'reference' })(async (engine) => {
      const trained = await train.fit(net.apply, recipe)(start, examples, key(1))(engine)
      expectTypeOf(trained).toEqualTypeOf<promise.train.FitResult<Params>>()
      const batch = { x: examples.x, y: examples.y }
      const pgd = attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.1 })
      const report = await attack.evaluate(net.apply, { attack: pgd })(trained.params, examples, key(2))(
        engine
      )
      const attacked = await attack.run(pgd)(net.apply)(trained.params, batch, key(2))(engine)
      const prepared = await attack.prepare(pgd)(net.apply)(trained.params, batch)(engine)
      const again = await prepared(trained.params, batch, key(2))
      expect(ndarray.toNested(again.x)).toEqual(ndarray.toNested(attacked.x))
      const double = await promise.compile(engine)(
        (x: promise.Tensor) => ops.scale(2)(x),
        [promise.spec([2])]
      )
      const result = await double(ndarray.fromNested([1, 2]))
      expectTypeOf(result).toEqualTypeOf<promise.Result<promise.NdArray>>()
      return [trained, report, result] as const
    })
    const same = await promise.unwrap(
      base.withEngine({ require: 'reference' })(base.train.fit(net.apply, recipe)(start, examples, key(1)))
    )
    expect(fitted).toEqual(same)
    expect(robust.robust).toBeLessThanOrEqual(robust.clean)
    expect(ndarray.toNested(value.value)).toEqual([2, 4])
    expect(value.executed.engine).toBe('reference')
  })

  it('rejects and throws a TangentFailure with the error', async () => {
    const bad = (x: promise.Tensor): promise.Tensor => ops.sum(5)(x)
    const failed = withEngine({ require: 'reference' })((engine) =>
      promise.run(engine)(bad)(ndarray.zeros([2]))
    )
    await expect(failed).rejects.toMatchObject({ name: 'TangentFailure', error: { _tag: 'AxisError' } })
    expect(() => promise.trace(bad, [promise.spec([2])])).toThrow(promise.TangentFailure)
    expect(() => data.labelled(ndarray.zeros([2, 1]), ndarray.zeros([3]), 2)).toThrow(promise.TangentFailure)
    expect(() => data.batches(0)(4)(key(0), 0)).toThrow(promise.TangentFailure)
    expect(() => promise.format.npy.decode(new Uint8Array(3))).toThrow(promise.TangentFailure)
  })

  it('closes the engine, and lets an exception of your own pass', async () => {
    let open: promise.Engine | undefined
    const mine = new Error('mine')
    const used = withEngine({ require: 'reference' })(async (engine) => {
      open = engine
      throw mine
    })
    await expect(used).rejects.toBe(mine)
    await expect(promise.run(open!)(ops.exp)(ndarray.zeros([1]))).rejects.toMatchObject({
      error: { _tag: 'EngineError' }
    })
  })

  it('visits the blocks of a kernel one after the other', async () => {
    const net = nn.serial(nn.dense(1))
    const visited: number[] = []
    await withEngine({ require: 'reference' })(
      promise.ntk.forEachBlock(net.apply, { tile: 1 })(async ({ value }) => {
        await Promise.resolve()
        visited.push(...value.data)
      })(net.init(key(0), [1]), ndarray.fromNested([[1], [2]]))
    )
    expect(visited.length).toBeGreaterThan(2)
  })

  it('takes promises where an option asks for an effect', async () => {
    const failure = promise.effect(() =>
      Promise.reject(new promise.TangentFailure(promise.tangentError('DataError', 'a', 'b', 'c')))
    )
    expect(await failure()).toEqual(await TE.left(promise.tangentError('DataError', 'a', 'b', 'c'))())
    expect(await promise.effect(() => Promise.resolve(3))()).toEqual(await TE.right(3)())
  })
})
