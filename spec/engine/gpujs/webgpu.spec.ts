import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { agreement, showAgreement } from '../../support/agreement.js'
import { measured } from '../../support/measured.js'
import { runs } from '../../support/runs.js'
import { neverFallsBack } from './fallback.js'
import { failsWell } from './failures.js'
import { movesOnce } from './transfers.js'

describe('gpujs:webgpu', () => {
  it('agrees with the reference on a sample of random graphs', async (context) => {
    const result = await agreement('gpujs:webgpu', { graphs: runs(20), seed: Number(process.env.FC_SEED) })
    const line = showAgreement(result)
    if (E.isLeft(result)) return context.skip(line)
    measured(context, line)
    expect(result.right.mismatches).toEqual([])
  })
  describe('fails well', () => failsWell('webgpu'))
  describe('never falls back', () => neverFallsBack('webgpu'))
  describe('moves what it has to', () => movesOnce('webgpu'))
})
