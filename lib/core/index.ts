/**
 * What every other folder builds on and nothing here knows of graphs: errors as records (`error.ts`), checks of numbers
 * (`check.ts`) and options (`options.ts`), what makes a function never throw (`entry.ts`), or
 * throw errors of the library only (`plain.ts`), shapes, concrete arrays, random keys of
 * the host, trees. Other folders import the files; this index names what the package makes public. To add a check of arguments,
 * add a `require…` to `check.ts`.
 */
export { type ErrorTag, formatError, tangentError, type TangentError, TangentFailure } from './error.js'
export { type HostKey, key, normals, permutation, rademachers, uniforms } from './key.js'
export * as ndarray from './ndarray.js'
export type { NdArray, Nested } from './ndarray.js'
export type { Shape } from './shape.js'
export { unwrap } from './unwrap.js'
