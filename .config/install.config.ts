import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

// The package as users install it: packed, then installed from the registry into empty projects of every kind, one after another.
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['spec/install/*.install.ts'], testTimeout: 600_000, hookTimeout: 600_000 }
})
