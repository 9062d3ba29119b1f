import { expect, it } from 'vitest'
import { fromNested, full } from '../../lib/core/ndarray.js'
import { type EngineName, run } from '../../lib/engine/index.js'
import { ops } from '../../lib/graph/ops/index.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { right } from './either.js'
import { givesInfinities } from './infinities.js'
import { isOptional, openedEngine } from './opened-engine.js'
import { isSmooth } from './smooth.js'

/** Whole numbers n at some of which n · (1 / n) is not 1 in float32, and at others in float64. */
const divisors = [3, 7, 41, 47, 49, 55, 61, 82, 98, 103, 107, 128]

/** Digits of float64 to which the closed forms themselves are right. */
export const float64 = 50

/** Holds an engine to the tables of closed forms and of infinities. */
export const keepsNumbers = (name: EngineName): void => {
  const engine = openedEngine(name)
  it('a mean is beyond float32 where its sum is', async () => {
    const { value, executed } = right(await run(engine())(ops.mean())(fromNested([3e38, 3e38, 3e38, 3e38]))())
    expect(executed.engine).toBe(name)
    // cpu mode adds in float64 as well
    const isWide = name === 'reference' || name === 'gpujs:cpu'
    if (isWide) expect(value.data[0]! / 3e38).toBeCloseTo(1, 6)
    else expect(value.data[0]).toBe(Infinity)
  })
  it('a whole quotient is whole, and so is the mean of equal whole numbers', async () => {
    const quotients = (x: Tensor): Tensor =>
      ops.concat(0)(divisors.map((n, i) => ops.div(n)(ops.sliceAxis(0, i, i + 1)(x))))
    const x = fromNested(divisors.map((n) => [n, 2 * n, 3 * n]))
    const found = [...right(await run(engine())(quotients)(x)()).value.data]
    const means = (fives: Tensor, ones: Tensor): Tensor =>
      ops.add(ops.mean()(fives))(ops.scale(10)(ops.mean()(ones)))
    const mean = right(await run(engine())(means)(full([41], 5), full([7, 7], 1))()).value.data[0]!
    // graphics cards divide to a unit or two of the last place
    const off = [...found.map((value, i) => value / ((i % 3) + 1)), mean / 15].map((ratio) =>
      Math.abs(ratio - 1)
    )
    expect(Math.max(...off)).toBeLessThanOrEqual(isOptional(name) ? 2 ** -21 : 0)
  })
  isSmooth(async (f, x) => right(await run(engine())(f)(x)()).value, name === 'reference' ? float64 : 24)
  givesInfinities(async (f, args) => right(await run(engine())(f)(...args)()).value, isOptional(name))
}
