import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

// The lessons, built without the other pages and used in a browser. SLOW=1 also at the widths of a tablet and a phone.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['spec/lessons/*.lesson.ts'],
    globalSetup: [],
    // lessons at a time, each in a tab of its own
    maxConcurrency: 2,
    testTimeout: 240_000,
    hookTimeout: 400_000
  }
})
