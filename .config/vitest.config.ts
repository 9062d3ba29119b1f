import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const path = (relative: string): string => fileURLToPath(new URL(`../${relative}`, import.meta.url))

// One seed for the whole run, chosen here so that the workers inherit it and the reporter can print it.
const seed = (process.env.FC_SEED ??= String(Date.now() % 2 ** 31))

// WebGPU in Node runs on the software adapter that Debian's chromium brings, unless the environment names another.
const icd = '/usr/lib/chromium/vk_swiftshader_icd.json'
if (existsSync(icd)) process.env.VK_ICD_FILENAMES ??= icd

export default defineConfig({
  root: path(''),
  cacheDir: path('.cache/vite'),
  resolve: {
    // The order matters: the first alias that matches wins.
    alias: [
      { find: /^tangentflow\/blocks$/, replacement: path('lib/blocks/index.ts') },
      { find: /^tangentflow\/experiment$/, replacement: path('lib/experiment/index.ts') },
      { find: /^tangentflow\/io$/, replacement: path('lib/io/index.ts') },
      { find: /^tangentflow\/queue$/, replacement: path('lib/queue/index.ts') },
      { find: /^tangentflow\/laws$/, replacement: path('lib/laws/index.ts') },
      { find: /^tangentflow\/promise$/, replacement: path('lib/promise/index.ts') },
      { find: /^tangentflow$/, replacement: path('lib/index.ts') }
    ]
  },
  test: {
    include: ['spec/**/*.spec.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: { FC_SEED: seed },
    globalSetup: [path('spec/support/display.ts')],
    setupFiles: [path('spec/support/setup.ts')],
    reporters: ['default', path('spec/support/reporter.ts')]
  }
})
