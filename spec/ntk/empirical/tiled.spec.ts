import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Concrete,
  evaluateOn,
  key,
  type NdArray,
  ndarray,
  nn,
  ntk,
  ops,
  type Runner,
  type TangentError,
  type Tensor,
  uniforms,
  withEngine
} from 'tangentflow'
import { relativeError } from '../../support/networks.js'
import { runs } from '../../support/runs.js'

// two hidden layers: the kernel of one is symmetric in its outputs, however its examples are turned
const net = nn.serial(nn.dense(4), nn.relu, nn.dense(4), nn.tanh, nn.dense(2))
const params = net.init(key(3), [3])
const images = (count: number, seed: number): NdArray =>
  ndarray.of([count, 3], uniforms(key(seed), 3 * count))

const onReference = <A>(
  use: (runner: Runner) => TE.TaskEither<TangentError, A>
): Promise<E.Either<TangentError, A>> => withEngine({ require: 'reference' })(use)()

const whole = (outputs: ntk.Outputs, x1: NdArray, x2: NdArray, mask?: Concrete<nn.Weights>): NdArray => {
  const kernel = (p: nn.Params, x: Tensor, y: Tensor, m: nn.Weights): Tensor =>
    ntk.empiricalNtk(net.apply, { outputs })(p, x, y, m)
  return evaluateOn(kernel)(params, x1, x2, mask ?? params.map(() => ({})))
}

/** A runner that counts what is asked of it. */
const counting = (
  runner: Runner
): { readonly runner: Runner; readonly counts: { programs: number; runs: number } } => {
  const counts = { programs: 0, runs: 0 }
  const compile: Runner['compile'] = (f, specs) =>
    TE.map((program: (...args: never) => unknown) => {
      counts.programs++
      return ((...args: never) => {
        counts.runs++
        return program(...args)
      }) as never
    })(runner.compile(f, specs))
  return { runner: { compile }, counts }
}

const refused = async (
  given: ntk.TiledOptions,
  ...args: [Concrete<nn.Params>, NdArray, NdArray?]
): Promise<string> => {
  const result = await onReference((runner) => {
    const { runner: counted, counts } = counting(runner)
    return TE.mapLeft((error: TangentError) => ({
      ...error,
      received: `${error.received}; programs: ${counts.programs}`
    }))(ntk.tiled(net.apply, given)(...args)(counted))
  })
  if (E.isRight(result)) return 'no refusal'
  const { _tag, expected, received, where } = result.left
  return `${_tag}: ${expected}, ${received}, ${where ?? ''}`
}

describe('a tiled kernel', () => {
  it('is the whole one, for any tile, with and without a second set and a mask', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined, freq: 1 }),
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom('full', 'diag', 'mean'),
        fc.boolean(),
        async (n1, n2, tile, outputs, isMasked) => {
          const x1 = images(n1, 1)
          const x2 = n2 === undefined ? undefined : images(n2, 2)
          const mask: Concrete<nn.Weights> | undefined = isMasked
            ? [{ w: ndarray.of([3, 4], uniforms(key(9), 12)) }, ...params.slice(1).map(() => ({}))]
            : undefined
          const result = await onReference(ntk.tiled(net.apply, { outputs, tile })(params, x1, x2, mask))
          expect(E.isRight(result)).toBe(true)
          if (E.isRight(result)) {
            const expected = whole(outputs, x1, x2 ?? x1, mask)
            expect(result.right.shape).toEqual(expected.shape)
            expect(result.right.data).toBeInstanceOf(Float64Array)
            expect(relativeError(result.right, expected)).toBeLessThan(1e-13)
          }
        }
      ),
      { numRuns: runs(15) }
    ))

  it('computes half of a symmetric kernel, with one program, and says how far it is', async () => {
    const seen: ntk.TileEvent[] = []
    const observe = (event: ntk.TileEvent) => () => void seen.push(event)
    const counts = await onReference((runner) => {
      const counted = counting(runner)
      return TE.map(() => counted.counts)(
        ntk.tiled(net.apply, { tile: 2, observe })(params, images(7, 1))(counted.runner)
      )
    })
    // 7 examples in tiles of 2: four parts, ten blocks on and above the diagonal
    expect(counts).toEqual(E.right({ programs: 1, runs: 10 }))
    expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => ({ done: i + 1, blocks: 10 })))
  })

  it('turns blocks over with their outputs', async () => {
    const x = images(7, 1)
    for (const outputs of ['full', 'diag', 'mean'] as const) {
      const result = await onReference(ntk.tiled(net.apply, { outputs, tile: 2 })(params, x))
      expect(E.isRight(result) && relativeError(result.right, whole(outputs, x, x))).toBeLessThan(1e-13)
    }
    // that would be the same without turning if the kernel were symmetric in its outputs
    const full = whole('full', x, x)
    const swapped = evaluateOn(ops.transpose([0, 1, 3, 2]))(full)
    expect(relativeError(swapped, full)).toBeGreaterThan(1e-3)
  })

  it('streams every block once, and stops at the first refusal of who takes them', async () => {
    const covered = new Float64Array(49)
    const done = await onReference(
      ntk.forEachBlock(net.apply, { tile: 3, outputs: 'mean' })(({ row, column, value: { shape } }) =>
        TE.fromIO(() => {
          for (let i = 0; i < shape[0]!; i++)
            for (let j = 0; j < shape[1]!; j++) covered[(row + i) * 7 + column + j]!++
        })
      )(params, images(7, 1))
    )
    expect(E.isRight(done)).toBe(true)
    expect([...covered].every((count) => count === 1)).toBe(true)
    let taken = 0
    const full: TangentError = { _tag: 'IoError', operation: 'spec', expected: 'room', received: 'none' }
    const stopped = await onReference(
      ntk.forEachBlock(net.apply, { tile: 3 })(() => (taken++ === 1 ? TE.left(full) : TE.right(undefined)))(
        params,
        images(7, 1)
      )
    )
    expect(stopped).toEqual(E.left(full))
    expect(taken).toBe(2)
  })
})

describe('before anything is compiled a tiled kernel refuses', () => {
  it('no examples, and examples of two shapes', async () => {
    const none: NdArray = { _tag: 'NdArray', shape: [0, 3], data: new Float32Array(0) }
    expect(await refused({}, params, none)).toContain('ShapeError')
    expect(await refused({}, params, images(2, 1), none)).toContain('ShapeError')
    const other = ndarray.zeros([2, 4])
    expect(await refused({}, params, images(2, 1), other)).toMatch(/ShapeError.*\[2,4\].*programs: 0.*x2/)
  })
  it('a parameter and an example that are not finite, by name', async () => {
    const broken = net
      .init(key(3), [3])
      .map(({ w, b }, l) =>
        w === undefined || b === undefined ? {} : { w, b: l === 4 ? ndarray.fromNested([1, NaN]) : b }
      )
    expect(await refused({}, broken, images(2, 1))).toMatch(
      /DataError.*NaN.*programs: 0.*params \[4\]\.b\[1\]/
    )
    const x = ndarray.fromNested([[1, 2, Infinity]])
    expect(await refused({}, params, x)).toMatch(/DataError.*Infinity.*x1 \[2\]/)
  })
  it('a loss where logits are meant', async () => {
    const loss =
      (p: nn.Params) =>
      (x: Tensor): Tensor =>
        ops.sum()(net.apply(p)(x))
    const result = await onReference(ntk.tiled(loss)(params, images(2, 1)))
    expect(E.isLeft(result) && result.left._tag).toBe('ShapeError')
  })
  it('a tile that is none', async () => {
    for (const tile of [0, 1.5, -1, NaN])
      expect(await refused({ tile }, params, images(2, 1))).toMatch(/ArgumentError.*tile/)
  })
  it('what does not fit, with its size and the tile that would fit', async () => {
    const x = images(64, 1)
    expect(await refused({ maxBytes: 4000 }, params, x)).toMatch(
      /blocks by forEachBlock.*0\.0625 MiB.*programs: 0/
    )
    const tight = await refused({ tile: 64, maxBytes: 160_000 }, params, x)
    const named = /tile (\d+) fits.*predicted.*tile 64/.exec(tight)
    expect(named).not.toBeNull()
    const fits = await onReference(
      ntk.tiled(net.apply, { tile: Number(named?.[1]), maxBytes: 160_000 })(params, x)
    )
    expect(E.isRight(fits)).toBe(true)
    // what is not asked for is chosen so that it fits
    const chosen = await onReference(ntk.tiled(net.apply, { maxBytes: 160_000 })(params, x))
    expect(E.isRight(chosen)).toBe(true)
    const stream = await onReference(
      ntk.forEachBlock(net.apply, { maxBytes: 100 })(() => TE.right(undefined))(params, x)
    )
    expect(E.isLeft(stream) && stream.left.expected).toContain('no tile fits')
  })
})
