import * as fc from 'fast-check'
import { describe, it } from 'vitest'
import { key } from '../../lib/core/key.js'
import type { EngineName } from '../../lib/engine/engines.js'
import { engineAgreesAt } from '../../lib/laws/engine-agrees.js'
import { lawAsync, showReport } from '../../lib/laws/law.js'
import { openedEngine } from '../support/opened-engine.js'
import { loopCases, views } from '../support/loops.js'
import { runs } from '../support/runs.js'

const cases: readonly (readonly [EngineName, number])[] = [
  ['reference', 100],
  ['onnx:native', 100],
  ['onnx:wasm', 100],
  ['gpujs:webasm', 100]
]

describe.each(cases)('%s on random loops, their derivatives and batches', (name, count) => {
  const engine = openedEngine(name)

  it('gives what the steps mean', { timeout: 240_000 }, async () => {
    const report = await lawAsync(
      `${name} on loops`,
      fc.tuple(loopCases, fc.constantFrom(...views)),
      ([{ scan, args }, [, view]]) => engineAgreesAt(engine(), view(scan), { args: [args], source: key(0) }),
      { runs: runs(count) }
    )
    console.info(showReport(report))
  })
})
