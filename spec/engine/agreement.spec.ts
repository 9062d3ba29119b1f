import { describe, it } from 'vitest'
import type { EngineName } from '../../lib/engine/engines.js'
import { enginesAgree } from '../../lib/laws/engine-agrees.js'
import { showReport } from '../../lib/laws/law.js'
import { openedEngine } from '../support/opened-engine.js'
import { runs } from '../support/runs.js'

const cases: readonly (readonly [EngineName, number])[] = [
  ['onnx:native', 100],
  ['onnx:wasm', 30]
]

describe.each(cases)('%s on random programs and their gradients', (name, count) => {
  const engine = openedEngine(name)

  it('gives what the reference gives', { timeout: 120_000 }, async () => {
    console.info(`${name}: ${showReport(await enginesAgree(engine(), { runs: runs(count) }))}`)
  })
})
