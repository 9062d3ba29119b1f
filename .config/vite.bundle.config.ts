import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'
import { browserAlias } from './vite.browser.js'

const path = (relative: string): string => fileURLToPath(new URL(`../${relative}`, import.meta.url))

/** What each file of the bundle may weigh, in bytes: `[minified, gzip]`. */
type Budget = Readonly<Record<string, readonly [minified: number, gzip: number]>>

const budget = JSON.parse(readFileSync(path('.config/bundle.budget.json'), 'utf8')) as Budget

/** Prints what every file weighs beside its budget; a file beyond it, or one that has none, fails the build. */
const weigh = (): Plugin => ({
  name: 'weigh',
  generateBundle(_, bundle) {
    const faults: string[] = []
    for (const file of Object.values(bundle)) {
      const bytes = Buffer.from(file.type === 'chunk' ? file.code : file.source)
      const weights = [bytes.length, gzipSync(bytes).length] as const
      const allowed = budget[file.fileName]
      const line = `${file.fileName}: ${weights.join(' bytes, gzip ')}`
      if (allowed === undefined) faults.push(`${line}, without a budget`)
      else if (weights.some((weight, i) => weight > allowed[i]!))
        faults.push(`${line}, beyond ${allowed.join(', gzip ')}`)
      console.info(`${line}, of ${allowed?.join(', gzip ') ?? 'none'}`)
    }
    if (faults.length > 0)
      this.error(`The bundle is heavier than .config/bundle.budget.json has it:\n${faults.join('\n')}`)
  }
})

// The whole library as ES modules for a page: tangentflow.js, what it loads when an engine is opened, and the example.
export default defineConfig({
  root: path(''),
  base: './',
  cacheDir: path('.cache/vite'),
  publicDir: path('docs/examples'),
  resolve: { alias: browserAlias },
  plugins: [weigh()],
  build: {
    outDir: path('dist/browser'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      input: path('lib/index.ts'),
      preserveEntrySignatures: 'strict',
      output: {
        entryFileNames: 'tangentflow.js',
        chunkFileNames: '[name].js',
        assetFileNames: '[name][extname]'
      }
    }
  }
})
