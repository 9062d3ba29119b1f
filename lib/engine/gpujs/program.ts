import type { Kernel } from '../../../kernels/kernel.js'

/** Where an array comes from: the plan's inputs, its constants, or an earlier step. */
export interface Source {
  readonly from: 'input' | 'constant' | 'step'
  readonly at: number
}

/** One kernel call. Equal kernels are one kernel, however often they are called. */
export interface Step {
  readonly kernel: number
  readonly args: readonly Source[]
}

/** A plan lowered to gpu.js: what is compiled, what is called in which order, and what comes back. */
export interface Program {
  readonly inputSizes: readonly number[]
  readonly constants: readonly Float32Array[]
  readonly kernels: readonly Kernel[]
  readonly steps: readonly Step[]
  readonly outputs: readonly Source[]
}
