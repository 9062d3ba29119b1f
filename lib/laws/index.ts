/**
 * Laws with which users check their own functions, by fast-check: arbitraries and a traced function, kernel, attack,
 * projection or engine go in, a `LawReport` comes out; a broken law throws with its seed and smallest counterexample. A
 * new law measures one case as an `Outcome` and calls `law`; a new step of random programs is an entry of steps.ts.
 */
export { arrays, type ElementConstraints, keys, shapes, type ShapeConstraints, trees } from './arbitraries.js'
export {
  type AttackLawOptions,
  type AttackUnderLaw,
  type LawBatch,
  samplesAreAlone,
  staysInside,
  type StaysInsideOptions
} from './attack.js'
export { type BatchOptions, vmapIsLoop } from './batching.js'
export { functionsAgree } from './compare.js'
export { checkGrad, secondDerivatives } from './differences.js'
export { type AgreementOptions, engineAgrees, enginesAgree } from './engine.js'
export {
  boundedByDiagonal,
  homogeneous,
  type KernelForms,
  kernelFormsAgree,
  kernelIsPsd,
  kernelOfPermutedInputs,
  kernelTransposes,
  type PsdOptions
} from './kernel.js'
export { type LawOptions, type LawReport, showReport } from './law.js'
export { adjoint, doubleTranspose, jacobiansAgree } from './linear.js'
export { programs, type ProgramConstraints, type RandomProgram, stepNames } from './programs.js'
export { isSymmetricPsd, type KernelReport } from './psd.js'
export {
  type BallNorm,
  type Containment,
  inBall,
  inBox,
  isProjection,
  type ProjectionOptions
} from './sets.js'
