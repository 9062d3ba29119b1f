/**
 * Engines: a traced function goes in, a program that runs on concrete arrays comes out. `compile` traces and optimises the
 * function, `planOf` splits off what the host draws, and a backend lowers the plan: `gpujs/` to kernels of gpu.js, `onnx/`
 * to an ONNX model, `reference/` to float64 loops on the host. Everything that runs, opens or fails at run time is a
 * TaskEither. `loops.ts` says which engine runs a loop as one and which writes its steps out. To add an engine, add a folder that exports an `OpenBackend`, a row in `engines.ts`, and what it may
 * import in .config/layers.js; for `auto` to try it, its place in `open-engine.ts`.
 */
export { compile, run } from './compile.js'
export type { Engine } from './engine.js'
export { type EngineName, engineNames } from './engines.js'
export { explain, type ExplainOptions, type Explanation, type Stages } from './explain.js'
export { exportOnnx, type ExportOptions, type OnnxFile } from './onnx/index.js'
export { autoOrder, engineName, type EngineOptions, openEngine, withEngine } from './open-engine.js'
