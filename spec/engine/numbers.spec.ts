import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest'
import { formatError, type TangentError } from '../../lib/core/error.js'
import type { Engine } from '../../lib/engine/engine.js'
import { type EngineName, engineNames, openEngine, run } from '../../lib/engine/index.js'
import { evaluateOn } from '../../lib/graph/evaluate.js'
import { right } from '../support/either.js'
import { givesInfinities } from '../support/infinities.js'
import { isSmooth } from '../support/smooth.js'

/** Digits of float64 to which the closed forms themselves are right. */
const float64 = 50

describe('evaluateOn', () => {
  isSmooth((f, x) => Promise.resolve(evaluateOn(f)(x)), float64)
  givesInfinities((f, args) => Promise.resolve(evaluateOn(f)(...args)))
})

const engines = engineNames.filter((name) => name !== 'gpujs:webgl2')
const gpus: readonly EngineName[] = ['gpujs:webgpu', 'gpujs:headlessgl']

describe.each(engines)('%s', (name) => {
  let opened: E.Either<TangentError, Engine>
  beforeAll(async () => {
    opened = await openEngine({ require: name })()
    if (!gpus.includes(name)) expect(right(opened).describe.engine).toBe(name)
  })
  beforeEach((context) => {
    if (E.isLeft(opened)) context.skip(formatError(opened.left))
  })
  afterAll(() => (E.isRight(opened) ? opened.right.dispose() : undefined))

  isSmooth(async (f, x) => right(await run(right(opened))(f)(x)()).value, name === 'reference' ? float64 : 24)
  givesInfinities(async (f, args) => right(await run(right(opened))(f)(...args)()).value, gpus.includes(name))
})
