import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { Engine } from '../../lib/engine/engine.js'
import type { EngineName } from '../../lib/engine/engines.js'
import { openEngine, run } from '../../lib/engine/index.js'
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

const engines: readonly EngineName[] = ['reference', 'onnx:native', 'onnx:wasm', 'gpujs:webasm', 'gpujs:cpu']

describe.each(engines)('%s', (name) => {
  let engine: Engine
  beforeAll(async () => {
    engine = right(await openEngine({ require: name })())
    expect(engine.describe.engine).toBe(name)
  })
  afterAll(() => engine.dispose())

  isSmooth(async (f, x) => right(await run(engine)(f)(x)()).value, name === 'reference' ? float64 : 24)
  givesInfinities(async (f, args) => right(await run(engine)(f)(...args)()).value)
})
