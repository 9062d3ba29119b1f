import { describe, it } from 'vitest'
import { computes } from '../engine/gpujs/suite.js'

// Two minutes in software: part of npm run test:browser, not of npm test.
if (process.env.SLOW === '1') describe('gpujs:webgl2 in a page computes', () => computes('webgl2'))
else
  it('gpujs:webgl2 in a page computes', (context) => context.skip('npm run test:browser runs every kernel'))
