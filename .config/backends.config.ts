import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

// Every backend at length, each in a process of its own: several GPUs in one process interfere.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['spec/backends/*.backend.ts'],
    testTimeout: 1_500_000,
    hookTimeout: 120_000,
    execArgv: ['--expose-gc']
  }
})
