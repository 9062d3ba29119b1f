import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll } from 'vitest'
import { build } from 'vite'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A TypeScript program of this repository as one file that plain Node runs, in a folder that goes with the specs of this file. */
export const built = (source: string): { readonly folder: string; readonly program: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'tangentflow-built-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  // engines that the program does not open stay outside
  beforeAll(
    () =>
      build({
        root,
        configFile: false,
        logLevel: 'error',
        ssr: {
          noExternal: true,
          external: ['gpu.js', 'onnxruntime-node', 'onnxruntime-web', 'webgpu', 'gl']
        },
        build: {
          ssr: join(root, source),
          outDir: folder,
          emptyOutDir: false,
          rolldownOptions: { output: { entryFileNames: 'program.mjs' } }
        }
      }),
    60_000
  )
  return { folder, program: join(folder, 'program.mjs') }
}
