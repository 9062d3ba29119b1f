import type { Program, Source } from '../program.js'
import type { GpuKernel } from './gpu.js'

/**
 * The last step on a device whose work can come to nothing without an error: a number that goes up with every run has to
 * come back one larger.
 */
export const CANARY = {
  source: 'function (a0) {\nreturn a0[0] + 1;\n}',
  output: [1],
  components: 1
} as const

/** The function that gpu.js traces into a plan. It reads its number of arguments from `length`. */
export const orchestration = (
  program: Program,
  kernels: readonly GpuKernel[],
  canary: GpuKernel | undefined
): ((...inputs: unknown[]) => unknown[]) => {
  const count = program.inputSizes.length
  const orchestrate = (...inputs: unknown[]): unknown[] => {
    const results: unknown[] = []
    const resolve = ({ from, at }: Source): unknown =>
      from === 'input' ? inputs[at] : from === 'constant' ? program.constants[at] : results[at]
    for (const step of program.steps) results.push(kernels[step.kernel]!(...step.args.map(resolve)))
    const outputs = program.outputs.map(resolve)
    return canary === undefined ? outputs : [...outputs, canary(inputs[count])]
  }
  return Object.defineProperty(orchestrate, 'length', { value: canary === undefined ? count : count + 1 })
}
