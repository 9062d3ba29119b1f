import { expect, it } from 'vitest'
import { fromNested } from '../../lib/core/ndarray.js'
import { type EngineName, run } from '../../lib/engine/index.js'
import { ops } from '../../lib/graph/ops/index.js'
import { right } from './either.js'
import { givesInfinities } from './infinities.js'
import { isOptional, openedEngine } from './opened-engine.js'
import { isSmooth } from './smooth.js'

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
  isSmooth(async (f, x) => right(await run(engine())(f)(x)()).value, name === 'reference' ? float64 : 24)
  givesInfinities(async (f, args) => right(await run(engine())(f)(...args)()).value, isOptional(name))
}
