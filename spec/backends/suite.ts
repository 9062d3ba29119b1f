import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { KernelBackend } from '../../kernels/kernel.js'
import type { EngineName } from '../../lib/engine/engines.js'
import { computes } from '../engine/gpujs/suite.js'
import { keepsValues } from '../engine/gpujs/values.js'
import { agreement, showAgreement } from '../support/agreement.js'
import { measured } from '../support/measured.js'
import { runs } from '../support/runs.js'
import { trains } from './training.js'

/** What every engine on a GPU has to show: agreement on random graphs, and good housekeeping. */
export const agrees = (name: EngineName, graphs: number): void => {
  describe(name, () => {
    it('agrees with the reference on random graphs, forward and gradient', async (context) => {
      const result = await agreement(name, { graphs: runs(graphs), seed: Number(process.env.FC_SEED) })
      const line = showAgreement(result)
      if (E.isLeft(result)) return context.skip(line)
      measured(context, line)
      expect(result.right.mismatches).toEqual([])
    })
    trains(name)
  })
}

/** Everything a backend of gpu.js has to show: beside that, its kernels on edge sizes and at the edges of float32. */
export const proves = (mode: KernelBackend, graphs: number): void => {
  agrees(`gpujs:${mode}`, graphs)
  describe(`gpujs:${mode}`, () => {
    describe('computes', () => computes(mode))
    describe('keeps values at the edges of float32', () => keepsValues(mode))
  })
}
