import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

// Experiments through a Redis that the suite starts; without redis-server all of it is skipped.
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['spec/queue/*.queue.ts'], testTimeout: 900_000, hookTimeout: 120_000 }
})
