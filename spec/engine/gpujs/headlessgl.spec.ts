import { describe } from 'vitest'
import { neverFallsBack } from './fallback.js'
import { failsWell } from './failures.js'

describe('gpujs:headlessgl', () => {
  describe('fails well', () => failsWell('headlessgl'))
  describe('never falls back', () => neverFallsBack('headlessgl'))
})
