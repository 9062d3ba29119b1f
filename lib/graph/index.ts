/**
 * Functions of tensors as graphs: `trace` runs a function once on symbolic tensors, `ops` build the nodes, `evaluate` gives
 * their values in float64, and `Runner` is all that pure code sees of an engine; `resident` compiles a step whose state
 * stays where it is computed. `op.ts` lists the primitives, `primitives/` says what each means. Other folders import the
 * files; this index names what the package makes public. To add a primitive or a pointwise function see
 * `primitives/index.ts`, to add an operation `ops/index.ts`.
 */
export { evaluate, evaluateOn } from './evaluate.js'
export { type Graph, print, printDot } from './graph.js'
export { fold, type Key, random, split } from './key.js'
export { ops } from './ops/index.js'
export { resident } from './resident.js'
export type { Executed, Program, Resident, Result, Runner } from './runner.js'
export { type Concrete, keySpec, spec, type Specs } from './spec.js'
export type { Tensor } from './tensor.js'
export { trace, type Traced } from './trace.js'
export * as tree from './tree.js'
