export { type ErrorTag, formatError, tangentError, type TangentError, TangentFailure } from './core/error.js'
export { type HostKey, key, normals, permutation, rademachers, uniforms } from './core/key.js'
export * as ndarray from './core/ndarray.js'
export type { NdArray, Nested } from './core/ndarray.js'
export type { Shape } from './core/shape.js'
export * as data from './data/index.js'
export * as format from './format/index.js'
export { evaluate, evaluateOn } from './graph/evaluate.js'
export type { Graph } from './graph/graph.js'
export { fold, type Key, split } from './graph/key.js'
export { ops } from './graph/ops/index.js'
export { print, printDot } from './graph/print.js'
export * as random from './graph/random.js'
export { type Concrete, keySpec, spec, type Specs } from './graph/spec.js'
export type { Tensor } from './graph/tensor.js'
export { trace, type Traced } from './graph/trace.js'
export {
  customVjp,
  grad,
  hessian,
  hvp,
  jacfwd,
  type Jacobian,
  jacrev,
  jvp,
  linearize,
  stopGradient,
  straightThrough,
  valueAndGrad,
  vjp,
  vmap,
  type VmapOptions
} from './diff/index.js'
export {
  autoOrder,
  compile,
  type Engine,
  engineName,
  type EngineName,
  engineNames,
  type EngineOptions,
  explain,
  type ExplainOptions,
  type Explanation,
  exportOnnx,
  type OnnxFile,
  openEngine,
  run,
  type Stages,
  withEngine
} from './engine/index.js'
export type { Executed, Program, Result, Runner } from './graph/runner.js'
export { optimise } from './optimise/index.js'
export type { Cost } from './optimise/cost.js'
export * as tree from './graph/tree.js'
export * as nn from './nn/index.js'
export * as attack from './attack/index.js'
export * as ntk from './ntk/index.js'
export * as checkpoint from './checkpoint/index.js'
export * as mask from './mask/index.js'
export * as train from './train/index.js'
export * as plot from './report/plot/index.js'
