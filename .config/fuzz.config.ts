import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

// Damaged files and wrong calls, many of them: FUZZ_RUNS inputs a decoder, FUZZ_CALLS calls in all.
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['spec/fuzz/*.fuzz.ts'], testTimeout: 1_500_000, execArgv: ['--expose-gc'] }
})
