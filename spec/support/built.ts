import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll } from 'vitest'
import { build } from 'vite'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * A TypeScript program of this repository as a file that plain Node runs, in a folder that goes with the specs of this file; with
 * other programs that it starts, which keep their names.
 */
export const built = (
  source: string,
  others: Readonly<Record<string, string>> = {}
): { readonly folder: string; readonly program: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'tangentflow-built-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
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
          ssr: true,
          outDir: folder,
          emptyOutDir: false,
          rolldownOptions: {
            input: Object.fromEntries(
              Object.entries({ 'program.mjs': source, ...others }).map(([name, path]) => [
                name,
                join(root, path)
              ])
            ),
            output: { entryFileNames: '[name]', chunkFileNames: '[name].mjs' }
          }
        }
      }),
    60_000
  )
  return { folder, program: join(folder, 'program.mjs') }
}
