import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

// The specs that Stryker runs against each mutant: those of one area, named by .config/mutation.js.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: JSON.parse(process.env.MUTATION_SPECS ?? '[]') as string[],
    exclude: JSON.parse(process.env.MUTATION_EXCLUDED ?? '[]') as string[],
    // a worker lives for one mutant, and imports the library once
    isolate: false,
    globalSetup: [],
    reporters: []
  }
})
