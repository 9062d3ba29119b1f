import { defineConfig } from 'vitest/config'
import lessons from './lessons.config.js'

// How long the lessons take; it holds nothing, and no suite runs it.
export default defineConfig({
  ...lessons,
  test: { ...lessons.test, include: ['spec/lessons/*.lesson-bench.ts'], testTimeout: 600_000 }
})
