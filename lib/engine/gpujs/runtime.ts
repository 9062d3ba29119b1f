import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { KernelBackend } from '../../../kernels/kernel.js'
import type { TangentError } from '../../core/error.js'
import type { Device, Memory } from './device/device.js'
import { load, type Loaded } from './device/load.js'
import { openDevice } from './device/open.js'
import { engineError } from './device/report.js'
import { seated } from './device/seats.js'
import type { Program } from './program.js'

/** What a runtime holds at a moment: gpu.js's kernels and pipelines, and what lies on the device. */
export interface Live extends Memory {
  readonly kernels: number
  readonly plans: number
}

/** An open GPU of gpu.js in one mode. */
export interface Runtime {
  /** What computes, where that is not the host's own processor. */
  readonly adapter?: string
  readonly load: (program: Program) => TE.TaskEither<TangentError, Loaded>
  readonly live: () => Live
  readonly dispose: Task<void>
}

/** A runtime on a device that is open; `threads` share the work where the backend has any. */
export const runtimeOf = (backend: KernelBackend, threads: number, device: Device): Runtime => {
  const { gpu, adapter } = device
  const isGl = backend === 'webgl2' || backend === 'headlessgl'
  let isOpen = true
  return {
    ...(adapter === undefined ? {} : { adapter }),
    load: (program) => async () =>
      isOpen
        ? load(backend, threads, device, isGl ? seated(program) : program, () => isOpen)
        : E.left(engineError('an open engine', 'one that was disposed')),
    live: () => ({ kernels: gpu.kernels.length, plans: gpu.pipelines.length, ...device.memory() }),
    dispose: async () => {
      if (!isOpen) return
      isOpen = false
      await device.release()
    }
  }
}

/** Opens gpu.js in one mode. */
export const openRuntime = (backend: KernelBackend, threads: number): TE.TaskEither<TangentError, Runtime> =>
  pipe(
    openDevice(backend),
    TE.map((device) => runtimeOf(backend, threads, device))
  )
