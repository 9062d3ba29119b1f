export * as codec from './codec.js'
export { decode } from './decode.js'
export { openRunFolder, runFiles, type RunFolder } from './run-folder.js'
export { appendLine, writeAtomic } from './write.js'
