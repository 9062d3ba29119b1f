import { describe } from 'vitest'
import { neverFallsBack } from './fallback.js'
import { failsWell } from './failures.js'

describe('gpujs:webgpu', () => {
  describe('fails well', () => failsWell('webgpu'))
  describe('never falls back', () => neverFallsBack('webgpu'))
})
