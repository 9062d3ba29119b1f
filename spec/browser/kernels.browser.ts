import { describe, it } from 'vitest'
import { trains } from '../backends/training.js'
import { computes } from '../engine/gpujs/suite.js'
import { keepsValues } from '../engine/gpujs/values.js'

// Two minutes in software: part of npm run test:browser, not of npm test.
if (process.env.SLOW === '1')
  describe('gpujs:webgl2 in a page', () => {
    describe('computes', () => computes('webgl2'))
    describe('keeps values at the edges of float32', () => keepsValues('webgl2'))
    trains('gpujs:webgl2')
  })
else
  it('gpujs:webgl2 in a page computes', (context) => context.skip('npm run test:browser runs every kernel'))
