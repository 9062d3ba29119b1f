/**
 * Kernels of a finite network at given parameters, as traced functions: a model, parameters and one or two batches go in,
 * Θ (or its product with a vector) comes out. kernel-problem.ts says which kernel (outputs, mask), methods.ts how it is
 * computed, predict-cost.ts which method is cheapest, mixed-ntk.ts what attacks do to it. A new method is an entry of
 * `methods`; a new mask form an entry of `powers`.
 */
export { empiricalNtk, type KernelOptions, layerKernels, ntkVectorProduct } from './empirical-ntk.js'
export type { KernelForm, MaskedOptions, MaskForm, MaskTree, Outputs } from './kernel-problem.js'
export { jacobians, type Method } from './methods.js'
export {
  type AttackShift,
  attackShift,
  jointNtk,
  type KernelBlocks,
  kernelBlocks,
  mixedNtk
} from './mixed-ntk.js'
export { type CostPrediction, predictCost } from './predict-cost.js'
