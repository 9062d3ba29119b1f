import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Kernel } from '../../../kernels/kernel.js'
import { formatError } from '../../../lib/core/error.js'
import { type KernelProgram, splitByExtent } from '../../../lib/engine/gpujs/kernel-program.js'
import { openRuntime } from '../../../lib/engine/gpujs/device/runtime.js'
import { right } from './support.js'

const copy = (output: readonly number[]): Kernel => ({
  name: 'copy',
  source: `function (a0) {\nreturn a0[${output.length === 1 ? '' : `this.thread.y * ${output[0]} + `}this.thread.x];\n}`,
  output,
  components: 1,
  divides: 0,
  arrays: [0],
  cost: { flops: 1, loads: 1 }
})

const step = (kernel: number, at: number) => ({ kernel, args: [{ from: 'step', at } as const] })

/** Writes 96 numbers in layout after layout, and reads each back with one kernel. */
const layouts = [[96], [12, 8], [8, 12], [2, 48]] as const
const program: KernelProgram = {
  inputSizes: [96],
  constants: [],
  kernels: [...layouts.map(copy), copy([96])],
  steps: layouts.flatMap((_, i) => [
    i === 0 ? { kernel: 0, args: [{ from: 'input', at: 0 } as const] } : step(i, 2 * i - 1),
    step(layouts.length, 2 * i)
  ]),
  outputs: [{ from: 'step', at: 2 * layouts.length - 1 }]
}

describe('kernels whose arguments have different extents', () => {
  it('are kernels of their own', () => {
    const { kernels, steps, ...others } = splitByExtent(program)
    expect(kernels).toHaveLength(2 * layouts.length)
    expect(steps.map(({ kernel }) => kernels[kernel])).toEqual(
      program.steps.map(({ kernel }) => program.kernels[kernel])
    )
    expect(others).toEqual({ inputSizes: [96], constants: [], outputs: program.outputs })
  })

  it('are one where the extents are the same', () => {
    const twice: KernelProgram = {
      ...program,
      kernels: [copy([96])],
      steps: [{ kernel: 0, args: [{ from: 'input', at: 0 }] }, step(0, 0), step(0, 1)]
    }
    expect(splitByExtent(twice)).toMatchObject({
      kernels: [copy([96]), copy([96])],
      steps: [{}, step(1, 0), step(1, 1)]
    })
  })

  it('give what they read, in one plan', async (context) => {
    const opened = await openRuntime('headlessgl', 1)()
    if (E.isLeft(opened)) return context.skip(formatError(opened.left))
    const loaded = right(await opened.right.load(program)())
    const x = Float32Array.from({ length: 96 }, (_, i) => i + 1)
    expect(right(await loaded.run([x])())).toEqual([x])
    await opened.right.dispose()
  })
})
