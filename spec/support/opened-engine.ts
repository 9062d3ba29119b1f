import { afterAll, beforeAll, expect } from 'vitest'
import type { Engine } from '../../lib/engine/engine.js'
import { type EngineName, openEngine } from '../../lib/engine/index.js'
import { right } from './either.js'

/** The engine of this name and no other, open while the specs of a `describe` run. */
export const openedEngine = (name: EngineName): (() => Engine) => {
  let engine: Engine | undefined
  beforeAll(async () => {
    engine = right(await openEngine({ require: name })())
    expect(engine.describe.engine).toBe(name)
  })
  afterAll(() => engine?.dispose())
  return () => engine!
}
