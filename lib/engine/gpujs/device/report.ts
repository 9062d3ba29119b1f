import type { Kernel } from '../../../../kernels/kernel.js'
import { type TangentError, tangentError } from '../../../core/error.js'
import type { Program } from '../program.js'

export const engineError = (expected: string, received: string, where?: string): TangentError =>
  tangentError('EngineError', 'gpujs', expected, received, where)

/** An error about one kernel: its name and size, and its source. */
export const kernelError = (kernel: Kernel, expected: string, received: string): TangentError =>
  engineError(
    expected,
    `${received} in\n${kernel.source}`,
    `kernel ${kernel.name} [${kernel.output.join(', ')}]`
  )

const workOf = ({ output, cost }: Kernel): number =>
  output.reduce((cells, n) => cells * n, 1) * (cost.flops + cost.loads)

/**
 * An error about a whole run. A device goes, or drops what it was given, mostly because something took too long: the
 * kernel with the most work is named.
 */
export const runError = (program: Program, expected: string, received: string): TangentError => {
  const [first, ...others] = program.kernels
  if (first === undefined) return engineError(expected, received)
  const heaviest = others.reduce((most, kernel) => (workOf(kernel) > workOf(most) ? kernel : most), first)
  return kernelError(heaviest, expected, `${received}; the most work was`)
}
