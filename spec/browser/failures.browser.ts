import { describe } from 'vitest'
import { neverFallsBack } from '../engine/gpujs/fallback.js'
import { failsWell } from '../engine/gpujs/failures.js'
import { movesOnce } from '../engine/gpujs/transfers.js'

describe('gpujs:webgl2 in a page', () => {
  describe('fails well', () => failsWell('webgl2'))
  describe('never falls back', () => neverFallsBack('webgl2'))
  describe('moves what it has to', () => movesOnce('webgl2'))
})
