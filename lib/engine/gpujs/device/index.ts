/**
 * gpu.js at run time: a program of kernels goes in, a function from arrays to arrays comes out. `openDevice` opens one backend
 * and lets it compute a test, `openRuntime` compiles programs on it and refuses every run that fell back to another backend,
 * was dropped or failed without an exception. A backend of gpu.js needs an opener in `open-device.ts`, its modes in `pipeline.ts`,
 * and a file like `gl.ts` or `open-webgpu.ts` if its device has to be watched.
 */
export { openRuntime, type Runtime } from './runtime.js'
