/**
 * The engines on gpu.js: a plan goes in, a pipeline of generated kernels that runs on one backend comes out. `lower` says what
 * each primitive computes at one place, `schedule` groups nodes into kernels, `stagedKernel` chooses the form of each and
 * which copies and partial results it reads, `lowerPlan` writes them in order, and `device/` compiles and runs the program.
 * Kernel text comes from `kernels/`. To add a primitive, add its row in `lower.ts`; a backend, its name in
 * `KernelBackend` of kernels/kernel.ts, its columns in kernels/variants.ts, and what `device/index.ts` says.
 */
export { describedBackends, describeProgram, type ProgramDescription } from './describe-program.js'
export { openGpujs } from './open-gpujs.js'
