import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import browser from './vitest.browser.config.js'
import node from './vitest.config.js'

// The specs in Node, then those in a browser, with one summary.
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    projects: [{ ...node, test: { ...node.test, name: 'node' } }, browser],
    reporters: node.test?.reporters ?? []
  }
})
