import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { formatError, type TangentError } from '../../lib/core/error.js'
import type { Engine } from '../../lib/engine/engine.js'
import { type EngineName, openEngine, run } from '../../lib/engine/index.js'
import { right } from './either.js'
import { givesInfinities } from './infinities.js'
import { isSmooth } from './smooth.js'

/** Digits of float64 to which the closed forms themselves are right. */
export const float64 = 50

/** Engines that need hardware or a browser that may not be there. */
export const isGpu = (name: EngineName): boolean =>
  !['reference', 'onnx:native', 'onnx:wasm', 'gpujs:webasm', 'gpujs:cpu'].includes(name)

/** Holds an engine to the tables of closed forms and of infinities; a GPU that is not there is skipped with the reason. */
export const keepsNumbers = (name: EngineName): void => {
  let opened: E.Either<TangentError, Engine>
  beforeAll(async () => {
    opened = await openEngine({ require: name })()
    if (!isGpu(name) || E.isRight(opened)) expect(right(opened).describe.engine).toBe(name)
  })
  beforeEach((context) => {
    if (E.isLeft(opened)) context.skip(formatError(opened.left))
  })
  afterAll(() => (E.isRight(opened) ? opened.right.dispose() : undefined))

  isSmooth(async (f, x) => right(await run(right(opened))(f)(x)()).value, name === 'reference' ? float64 : 24)
  givesInfinities(async (f, args) => right(await run(right(opened))(f)(...args)()).value, isGpu(name))
}
