import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../lib/engine/engine.js'
import type { EngineName } from '../../lib/engine/engines.js'
import { openEngine } from '../../lib/engine/open-engine.js'
import { enginesAgree } from '../../lib/laws/engine-agrees.js'
import { showReport } from '../../lib/laws/law.js'
import { runs } from '../support/runs.js'

const cases: readonly (readonly [EngineName, number])[] = [
  ['onnx:native', 100],
  ['onnx:wasm', 30]
]

describe.each(cases)('%s on random programs and their gradients', (name, count) => {
  let engine: Engine
  beforeAll(async () => {
    const opened = await openEngine({ require: name })()
    if (E.isLeft(opened)) throw new Error(`${name} is a development dependency and must open`)
    engine = opened.right
  })
  afterAll(() => engine.dispose())

  it('gives what the reference gives', { timeout: 120_000 }, async () => {
    expect(engine.describe.engine).toBe(name)
    console.info(`${name}: ${showReport(await enginesAgree(engine, { runs: runs(count) }))}`)
  })
})
