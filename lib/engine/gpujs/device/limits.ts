import type { Kernel } from '../../../../kernels/kernel.js'
import { sizeOf } from '../../../core/shape.js'
import type { KernelProgram } from '../kernel-program.js'

/** The limits of a device for one kernel. */
export interface Limits {
  /** Arrays that a kernel may read. */
  readonly arrays: number
  /** Elements of one array. */
  readonly elements: number
  /** Groups of threads along one axis. */
  readonly groups: number
}

/** The host's memory is the only limit. */
export const unlimited: Limits = { arrays: Infinity, elements: Infinity, groups: Infinity }

/** The threads of one group: what gpu.js 2.24.1 writes into its compute shaders for outputs of one axis and of more. */
const GROUP = { line: [64], plane: [8, 8, 1] } as const

/** Groups along the axis that needs most. A line that is too long for one row of groups is folded over two axes. */
const groupsOf = (output: readonly number[], limit: number): number => {
  if (output.length > 1) return Math.max(...output.map((n, axis) => Math.ceil(n / GROUP.plane[axis]!)))
  const groups = Math.ceil(sizeOf(output) / GROUP.line[0])
  return Math.ceil(groups / limit)
}

/** A limit that a kernel exceeds: what the device grants, and what the kernel asks for. */
interface ExceededLimit {
  readonly kernel: Kernel
  readonly expected: string
  readonly received: string
}

const exceededBy = (kernel: Kernel, { arrays, elements, groups }: Limits): ExceededLimit | undefined => {
  if (kernel.arrays.length > arrays)
    return { kernel, expected: `at most ${arrays} array arguments`, received: `${kernel.arrays.length}` }
  const size = sizeOf(kernel.output) * kernel.components
  if (size > elements)
    return { kernel, expected: `a result of at most ${elements} elements`, received: `${size}` }
  const needed = groupsOf(kernel.output, groups)
  return needed > groups
    ? { kernel, expected: `at most ${groups} groups of threads along an axis`, received: `${needed}` }
    : undefined
}

/** The first limit of a device that a program exceeds, or undefined. Checked before anything is created. */
export const limitExceeded = (program: KernelProgram, limits: Limits): ExceededLimit | undefined => {
  for (const kernel of program.kernels) {
    const exceeded = exceededBy(kernel, limits)
    if (exceeded !== undefined) return exceeded
  }
  for (const { kernel, args } of program.steps)
    for (const { from, at } of args) {
      const size =
        from === 'step' ? 0 : from === 'input' ? program.inputSizes[at]! : program.constants[at]!.length
      if (size > limits.elements)
        return {
          kernel: program.kernels[kernel]!,
          expected: `arrays of at most ${limits.elements} elements`,
          received: `${from} ${at} with ${size}`
        }
    }
  return undefined
}
