import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

// The documentation site, built at two bases and opened page by page in a browser.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['spec/site/*.site.ts'],
    globalSetup: [],
    testTimeout: 600_000,
    hookTimeout: 900_000
  }
})
