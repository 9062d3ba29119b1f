import { describe, it } from 'vitest'
import { type EngineName, openEngine } from 'tangentflow'
import { convolvesRightly } from '../support/convolutional.js'
import { right } from '../support/either.js'

/** Engines that are anywhere, and how many networks each is given: compiling takes most of the time. */
const engines: readonly (readonly [EngineName, number])[] = [
  ['onnx:native', 12],
  ['onnx:wasm', 4],
  ['gpujs:webasm', 3],
  ['gpujs:cpu', 2]
]

describe('random convolutional networks', () => {
  it.each(engines)('and their gradients are the same on %s', async (name, count) => {
    const engine = right(await openEngine({ require: name, threads: 1 })())
    await convolvesRightly(engine, count)
    await engine.dispose()
  })
})
