/**
 * Laws with which users check their own functions, by fast-check: arbitraries and a traced function, kernel, attack,
 * projection or engine go in, a `LawReport` comes out; a broken law throws with its seed and smallest counterexample. A
 * new law measures one case as an `Outcome` and calls `law`; a new step of random programs is an entry of steps.ts.
 *
 * @module tangentflow/laws
 */
export { arrays, type ElementConstraints, keys, shapes, type ShapeConstraints, trees } from './arbitraries.js'
export { adjoint, checkGrad, doubleTranspose, jacobiansAgree, secondDerivatives } from './check-grad.js'
export { functionsAgree } from './compare.js'
export * from './engine-agrees.js'
export * from './in-ball.js'
export * from './is-symmetric-psd.js'
export * from './kernel.js'
export {
  law,
  lawAsync,
  type LawOptions,
  type LawReport,
  measured,
  type Outcome,
  redraw,
  showReport
} from './law.js'
export { programs, type ProgramConstraints, type RandomProgram, stepNames } from './programs.js'
export * from './stays-inside.js'
export { type BatchOptions, vmapIsLoop } from './vmap-is-loop.js'
