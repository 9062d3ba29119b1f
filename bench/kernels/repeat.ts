import type { KernelProgram } from '../../lib/engine/gpujs/kernel-program.js'

/** The steps of a program, again and again over the same inputs; the result is the last application's. */
export const repeated = (program: KernelProgram, count: number): KernelProgram => {
  const { steps, outputs } = program
  const shifted = (by: number) =>
    steps.map(({ kernel, args }) => ({
      kernel,
      args: args.map((source) =>
        source.from === 'step' ? { from: source.from, at: source.at + by } : source
      )
    }))
  const last = (count - 1) * steps.length
  return {
    ...program,
    steps: Array.from({ length: count }, (_, i) => shifted(i * steps.length)).flat(),
    outputs: outputs.map((source) =>
      source.from === 'step' ? { from: source.from, at: source.at + last } : source
    )
  }
}
