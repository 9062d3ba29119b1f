import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderOf } from '../../.config/vite.browser.js'

// gpu.js as one file of the site. Pages and both workers are bundled apart, and each bundle would have a copy of it.

const script = readFileSync(join(folderOf('gpu.js'), 'dist/gpu-browser.min.js'), 'utf8')

/** As a module: it writes to `module.exports` where there is one. */
const code = `const module = { exports: {} }, exports = module.exports;\n${script}\nexport default module.exports\n`
const file = `assets/gpu-browser.${createHash('sha256').update(code).digest('hex').slice(0, 8)}.js`

/** Options of a bundler with which gpu.js is imported from its file in the site at a base. */
export const gpuApart = (base: string) => ({
  external: ['gpu.js'],
  output: { paths: { 'gpu.js': base + file } }
})

/** Writes the file into a site that is built. */
export const writeGpu = (folder: string): void => writeFileSync(join(folder, file), code)
