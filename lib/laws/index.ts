export { arrays, type ElementConstraints, keys, shapes, type ShapeConstraints, trees } from './arbitraries.js'
export {
  type AttackLawOptions,
  type AttackUnderLaw,
  type LawBatch,
  samplesAreAlone,
  staysInside,
  type StaysInsideOptions
} from './attack.js'
export { adjoint, doubleTranspose, jacobiansAgree } from './linear.js'
export { type BatchOptions, vmapIsLoop } from './batching.js'
export { checkGrad, secondDerivatives } from './differences.js'
export { type AgreementOptions, engineAgrees, enginesAgree } from './engine.js'
export {
  boundedByDiagonal,
  homogeneous,
  type KernelForms,
  kernelFormsAgree,
  kernelOfPermutedInputs,
  kernelIsPsd,
  kernelTransposes,
  type PsdOptions
} from './kernel.js'
export { isSymmetricPsd, type KernelReport } from './psd.js'
export { functionsAgree } from './agree.js'
export { type LawOptions, type LawReport, showReport } from './law.js'
export { programs, type ProgramConstraints, type RandomProgram, stepNames } from './programs.js'
export { isProjection, type ProjectionOptions } from './projection.js'
export { type BallNorm, type Containment, inBall, inBox } from './sets.js'
