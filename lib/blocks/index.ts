/**
 * Kernels that outgrow a process: a traced kernel and examples go in, its blocks come out as .npy files in `checkpoint.Stores`
 * (`fileStore` of `tangentflow/io` in a folder), each computed once however often the computation is killed
 * (blocked.ts) and by however many processes at once (missing-blocks.ts); kernel-files.ts says what the files are. Products with matrices (apply-blocked.ts) and kernel regression by
 * preconditioned conjugate gradients in float64 (solve.ts, nystrom.ts) read them block by block. An entry point of its own, so that
 * pages do without. To add something that reads a stored kernel, write a file like apply-blocked.ts.
 *
 * @module tangentflow/blocks
 */
export { applyBlocked } from './apply-blocked.js'
export { type BlockedEvent, blocked, type BlockedOptions } from './blocked.js'
export { type BlockedKernel, openBlocked } from './kernel-files.js'
export { solve, type Solution, type SolveEvent, type SolveOptions } from './solve.js'
