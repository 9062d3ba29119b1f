import type { Program, Source } from '../program.js'

/**
 * A program in which every call of a kernel reads arrays laid out alike. On GL gpu.js 2.24.1 bakes the size of the texture
 * of an argument into a kernel when it is first called with what an earlier step gave, and takes a result of another rank for
 * another type: kernels with one source whose arguments have different extents have to be kernels of their own.
 */
export const seated = (program: Program): Program => {
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
    const seats = [kernel, ...args.map(extentOf)].join()
    const found = known.get(seats) ?? kernels.push(kernel) - 1
    known.set(seats, found)
    return { kernel: found, args }
  })
  return { ...program, steps, kernels: kernels.map((kernel) => program.kernels[kernel]!) }
}
