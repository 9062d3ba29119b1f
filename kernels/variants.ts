import type { KernelBackend } from './kernel.js'

/**
 * What decides between the forms of a kernel on a backend. The times were measured by `npm run bench -- --suite costs`,
 * which prints this table's columns anew; webgpu on SwiftShader, headlessgl on llvmpipe, the others on one core of the same
 * machine. webgl2 takes headlessgl's, whose kernels it shares.
 */
export interface Variants {
  /** Elements that a turn of a reduction's loop handles. */
  readonly unroll: number
  /**
   * Jumps that elements handled in one turn may have together, half of what a loop's body may have. The time to compile a
   * shader is exponential in those: SwiftShader takes 0.1 s for 16, 5 s for 24 and 420 s for 50.
   */
  readonly jumps: number
  /** Whether neighbouring cells are computed together, in vector registers. */
  readonly lanes: boolean
  /** Whether an element of an array may hold four numbers, which are read as one. */
  readonly vec4: boolean
  /** Microseconds for one more step of a plan. */
  readonly step: number
  /** Nanoseconds for a cell without work, for an element read and for an operation, on a device that is filled. */
  readonly cell: number
  readonly load: number
  readonly flop: number
  /** Cells that fill the device: fewer take as long. On software adapters some 30 do, but long rows gain up to 256. */
  readonly wide: number
  /**
   * The longest loop of a cell. A browser ends kernels that keep a GPU too long, and llvmpipe leaves all loops of a cell
   * after 65,535 turns; neither says so.
   */
  readonly longest: number
}

const gl: Variants = {
  unroll: 4,
  jumps: 8,
  lanes: false,
  vec4: true,
  step: 50,
  cell: 1,
  load: 2,
  flop: 0.03,
  wide: 256,
  longest: 16384
}

export const variants: { readonly [B in KernelBackend]: Variants } = {
  webasm: {
    unroll: 4,
    jumps: Infinity,
    lanes: true,
    vec4: false,
    step: 0.05,
    cell: 0.6,
    load: 0.2,
    flop: 0.06,
    wide: 1,
    longest: Infinity
  },
  cpu: {
    unroll: 4,
    jumps: Infinity,
    lanes: false,
    vec4: false,
    step: 0.2,
    cell: 1.7,
    load: 0.5,
    flop: 0.5,
    wide: 1,
    longest: Infinity
  },
  webgpu: {
    unroll: 8,
    jumps: 8,
    lanes: false,
    vec4: false,
    step: 25,
    cell: 13,
    load: 2,
    flop: 0.4,
    wide: 256,
    longest: 65536
  },
  webgl2: gl,
  headlessgl: gl
}

/** The predicted time of a step in microseconds, for cells of given work. */
export const predicted = (
  { step, cell, load, flop, wide }: Variants,
  cells: number,
  { loads, flops }: { readonly loads: number; readonly flops: number }
): number => step + (Math.max(cells, wide) * (cell + loads * load + flops * flop)) / 1000
