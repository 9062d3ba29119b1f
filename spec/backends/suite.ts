import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { KernelBackend } from '../../kernels/kernel.js'
import { computes } from '../engine/gpujs/suite.js'
import { keepsValues } from '../engine/gpujs/values.js'
import { agreement, showAgreement } from '../support/agreement.js'
import { measured } from '../support/measured.js'
import { runs } from '../support/runs.js'
import { trains } from './training.js'

/** Everything a backend of gpu.js has to show: agreement on random graphs, its kernels on edge sizes, and good housekeeping. */
export const proves = (mode: KernelBackend, graphs: number): void => {
  describe(`gpujs:${mode}`, () => {
    it('agrees with the reference on random graphs, forward and gradient', async (context) => {
      const result = await agreement(`gpujs:${mode}`, {
        graphs: runs(graphs),
        seed: Number(process.env.FC_SEED)
      })
      const line = showAgreement(result)
      if (E.isLeft(result)) return context.skip(line)
      measured(context, line)
      expect(result.right.mismatches).toEqual([])
    })
    describe('computes', () => computes(mode))
    describe('keeps values at the edges of float32', () => keepsValues(mode))
    trains(`gpujs:${mode}`)
  })
}
