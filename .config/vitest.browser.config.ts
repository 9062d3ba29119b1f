import { dirname } from 'node:path'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromium, chromiumArgs } from './chromium.js'
import { browserAlias, folderOf } from './vite.browser.js'
import base from './vitest.config.js'

/** Where packages are installed. */
const installed = dirname(folderOf('vite'))
const { FC_SEED, FC_RUNS_FACTOR, SLOW } = process.env

// The library in a page. Each file is a page of its own, one after the other: several GPUs in one page interfere.
export default defineConfig({
  ...base,
  resolve: { alias: [...browserAlias, ...(base.resolve?.alias as [])] },
  // installed packages may be linked from elsewhere
  server: { fs: { allow: ['..', installed] } },
  // a page has no process
  define: {
    'process.env.FC_SEED': JSON.stringify(FC_SEED),
    'process.env.SLOW': JSON.stringify(SLOW ?? ''),
    'process.env.FC_RUNS_FACTOR': JSON.stringify(FC_RUNS_FACTOR ?? '1')
  },
  optimizeDeps: {
    include: ['gpu.js', 'ml-matrix', 'fast-check'],
    exclude: ['onnxruntime-web']
  },
  test: {
    ...base.test,
    name: 'browser',
    include: [chromium === undefined ? 'spec/browser/absent.ts' : 'spec/browser/*.browser.ts'],
    globalSetup: [],
    testTimeout: 1_500_000,
    sequence: { groupOrder: 1 },
    ...(chromium !== undefined && {
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        fileParallelism: false,
        provider: playwright({ launchOptions: { executablePath: chromium, args: [...chromiumArgs] } }),
        instances: [{ browser: 'chromium' as const }]
      }
    })
  }
})
