/**
 * Files, as TaskEithers and IOEithers that fail with an IoError or a DataError naming the path: published data sets found, loaded
 * and fetched, arrays read and written, a run's checkpoint saved. The bytes of each format are the concern of `format` and
 * `data`; only this folder and the command line touch `node:`. A new kind of file is a new file here that reads with `readBytes`
 * and writes with `writeAtomic`, so that no file is ever half written.
 *
 * @module tangentflow/io
 */
export * as codec from '../format/codec.js'
export { decode } from '../format/codec.js'
export { untar } from '../format/untar.js'

export { type Download, type FetchOptions, fetchSet, planFetch } from './fetch-set.js'
export { type LoadedSet, loadSet, type SourceFile } from './load-set.js'
export { type DataOptions, locate, type SetFiles } from './locate.js'
export { readBytes } from './read-bytes.js'
export { fileStore, writeAtomic } from './file-store.js'
export { scalarLog, type ScalarEvent } from './scalar-log.js'
export { readArrays, writeArrays } from './read-arrays.js'
export { type FolderLock, folderLock } from './folder-lock.js'
