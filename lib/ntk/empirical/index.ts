/**
 * Kernels of a finite network at given parameters: a model, parameters and one or two batches go in, Θ (or its product with
 * a vector) comes out. kernel-problem.ts says which kernel (outputs, mask), methods.ts how it is computed and which method
 * is cheapest, mixed-ntk.ts what attacks do to it. These are traced functions; tiled.ts runs a kernel that is too large for
 * one program on an engine, in the blocks of tile-plan.ts. A new method is an entry of `methods`, a new mask form one of
 * `powers`.
 */
export * from './empirical-ntk.js'
export type { KernelForm, MaskedOptions, MaskForm, MaskTree, Outputs } from './kernel-problem.js'
export { type CostPrediction, jacobians, type KernelMethod, predictCost } from './methods.js'
export * from './mixed-ntk.js'
export * from './tiled.js'
