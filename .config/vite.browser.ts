import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The folder of an installed package. */
export const folderOf = (name: string): string =>
  dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))

/**
 * What a bundler is told about the packages of the library: fp-ts and io-ts as ES modules, which can be shaken, and ONNX
 * Runtime without its GPU backends, which would double what a page loads: `onnx:webgpu` imports its own build.
 */
export const browserAlias: { readonly find: RegExp; readonly replacement: string }[] = [
  { find: /^fp-ts\/lib\//, replacement: `${join(folderOf('fp-ts'), 'es6')}/` },
  { find: /^io-ts$/, replacement: join(folderOf('io-ts'), 'es6/index.js') },
  { find: /^onnxruntime-web$/, replacement: 'onnxruntime-web/wasm' }
]
