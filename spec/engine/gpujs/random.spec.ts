import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Engine, engineOf } from '../../../lib/engine/engine.js'
import { enginesAgree } from '../../../lib/laws/engine-agrees.js'
import { showReport } from '../../../lib/laws/law.js'
import { runs } from '../../support/runs.js'
import { modes, open } from './support.js'

// A sample of the graphs on which every backend has to agree with the reference, forward and gradient.

describe.each(modes)('gpujs:%s agrees with the reference', (mode) => {
  let engine: Engine
  beforeAll(async () => {
    engine = engineOf(`gpujs:${mode}`, await open(mode))
  })
  afterAll(() => engine.dispose())

  it('on small programs over all primitives', async () => {
    console.info(showReport(await enginesAgree(engine, { runs: runs(60) })))
  })

  it('on longer ones', async () => {
    console.info(showReport(await enginesAgree(engine, { runs: runs(20), maxSteps: 25, maxSize: 5 })))
  })
})
