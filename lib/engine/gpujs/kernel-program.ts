import type { Kernel } from '../../../kernels/kernel.js'

/** Where an array comes from: the plan's inputs, its constants, or an earlier step. */
export interface Source {
  readonly from: 'input' | 'constant' | 'step'
  readonly at: number
}

/** One kernel call. Equal kernels are one kernel, however often they are called. */
export interface KernelStep {
  readonly kernel: number
  readonly args: readonly Source[]
}

/** A plan lowered to gpu.js: what is compiled, what is called in which order, and what comes back. */
export interface KernelProgram {
  readonly inputSizes: readonly number[]
  readonly constants: readonly Float32Array[]
  readonly kernels: readonly Kernel[]
  readonly steps: readonly KernelStep[]
  readonly outputs: readonly Source[]
}

/**
 * Splits kernels so that every call of one reads arrays of the same extents. On GL gpu.js 2.24.1 bakes the size of the texture
 * of an argument into a kernel when it is first called with what an earlier step gave, and takes a result of another rank for
 * another type: kernels with one source whose arguments have different extents have to be kernels of their own.
 */
export const splitByExtent = (program: KernelProgram): KernelProgram => {
  const extentOf = ({ from, at }: Source): string => {
    // gpu.js keeps apart what is called with different arguments of the plan
    if (from === 'input') return ''
    return from === 'constant'
      ? `${program.constants[at]!.length}`
      : program.kernels[program.steps[at]!.kernel]!.output.join('×')
  }
  const known = new Map<string, number>()
  const kernels: number[] = []
  const steps = program.steps.map(({ kernel, args }) => {
    const key = [kernel, ...args.map(extentOf)].join()
    const found = known.get(key) ?? kernels.push(kernel) - 1
    known.set(key, found)
    return { kernel: found, args }
  })
  return { ...program, steps, kernels: kernels.map((kernel) => program.kernels[kernel]!) }
}
