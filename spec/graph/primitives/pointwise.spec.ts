import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  compile,
  type Engine,
  type EngineName,
  grad,
  ndarray,
  openEngine,
  ops,
  spec,
  type Tensor
} from 'tangentflow'

/** The distance between neighbours of float32 at x. */
const unitAt = (x: number): number =>
  Math.abs(x) < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(Math.abs(x))) - 23)

const both = (xs: readonly number[]): readonly number[] => xs.flatMap((x) => [x, -x])

const nearZero = both([1e-30, 1e-12, 1e-7, 3e-5, 1e-3, 0.01, 0.1, 0.3, 0.4999, 0.5])

interface Case {
  readonly name: 'expm1' | 'log1p'
  /** The function and its first three derivatives. */
  readonly orders: readonly [(x: number) => number, ...((x: number) => number)[]]
  readonly points: readonly number[]
}

const cases: readonly Case[] = [
  {
    name: 'expm1',
    orders: [Math.expm1, Math.exp, Math.exp, Math.exp],
    points: [...nearZero, ...both([0.51, 0.69, 0.7, 1, 1.5, 3, 10, 17, 30, 60, 80]), 88.5]
  },
  {
    name: 'log1p',
    orders: [Math.log1p, (x) => 1 / (1 + x), (x) => -1 / (1 + x) ** 2, (x) => 2 / (1 + x) ** 3],
    points: [...nearZero, -0.51, -0.9, -0.999, -0.99999, 0.51, 0.99, 1, 1.01, 3, 100, 1e5, 1e8]
  }
]

const engines: readonly (readonly [EngineName, number])[] = [
  ['reference', 1],
  ['onnx:native', 4],
  ['onnx:wasm', 4],
  ['gpujs:webasm', 4],
  ['gpujs:cpu', 4]
]

const slope =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    grad((y: Tensor) => ops.sum()(f(y)))(x)

describe.each(engines)('%s', (name, units) => {
  let engine: Engine
  beforeAll(async () => {
    const opened = await openEngine({ require: name })()
    if (E.isLeft(opened)) throw new Error(`${name} must open`)
    engine = opened.right
  })
  afterAll(() => engine.dispose())

  const valuesOf = async (
    f: (x: Tensor) => Tensor,
    points: readonly number[]
  ): Promise<readonly number[]> => {
    const program = await compile(engine)(f, [spec([points.length])])()
    if (E.isLeft(program)) throw new Error(JSON.stringify(program.left))
    const result = await program.right(ndarray.of([points.length], Float32Array.from(points)))()
    if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
    return [...result.right.value.data]
  }

  describe.each(cases)('$name', ({ name: fn, orders, points }) => {
    const exact = [...Float32Array.from(points)]

    it(`is within ${units} units in the last place, near 0 and in both tails`, async () => {
      const got = await valuesOf(ops[fn], points)
      const worst = exact.map((x, i) => {
        const want = orders[0](x)
        return Math.abs(got[i]! - want) / unitAt(want)
      })
      expect(Math.max(...worst)).toBeLessThan(units)
    })

    it.each([1, 2, 3])('has the derivative of order %d', async (order) => {
      const f = Array.from({ length: order }).reduce<(x: Tensor) => Tensor>(slope, ops[fn])
      const got = await valuesOf(f, points)
      exact.forEach((x, i) => {
        const want = orders[order]!(x)
        expect(Math.abs(got[i]! - want), `at ${x}: ${got[i]} for ${want}`).toBeLessThan(
          2e-6 * Math.abs(want) + 1e-37
        )
      })
    })
  })

  it('keeps the limits', async () => {
    const below = await valuesOf(ops.expm1, [-200, -104, -89, -30])
    expect(below.map((x) => Math.fround(x))).toEqual([-1, -1, -1, -1])
    const [zero, pole] = await valuesOf(ops.log1p, [0, -1])
    expect(zero).toBe(0)
    expect(pole).toBe(-Infinity)
    expect(await valuesOf(ops.log1p, [-2])).toEqual([NaN])
    const [origin, beyond] = await valuesOf(ops.expm1, [0, 100])
    expect(origin).toBe(0)
    expect(Math.fround(beyond!)).toBe(Infinity)
  })
})
