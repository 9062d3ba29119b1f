import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Kernel, KernelBackend } from '../../../../kernels/kernel.js'
import { messageOf, type TangentError, tangentError } from '../../../core/error.js'
import { sizeOf } from '../../../core/shape.js'
import type { Resources } from '../../backend.js'
import { field } from '../../inspect.js'
import { type Gpu, type GpuKernel, type GpuPipeline, settingsOf } from '../packages.js'
import { type KernelProgram, splitByExtent } from '../kernel-program.js'
import type { Device } from './device.js'
import { limitExceeded } from './limits.js'
import { openDevice } from './open-device.js'
import { CANARY, clonesOf, forget, kernelFallback, orchestration, planFallback, rowOf } from './pipeline.js'

/** A program that is compiled and has run once where it was meant to. */
export interface LoadedProgram {
  /** The results of the program's outputs, each as one row of elements. */
  readonly run: (inputs: readonly Float32Array[]) => TE.TaskEither<TangentError, Rows>
  /** Whether threads share the work of a step. */
  readonly threaded: boolean
  readonly dispose: Task<void>
}

/** Loads programs on an open device. */
export interface Runtime {
  /** The name of the adapter; undefined for the host's own processor. */
  readonly adapter: string | undefined
  readonly load: (program: KernelProgram) => TE.TaskEither<TangentError, LoadedProgram>
  /** The kernels and pipelines of gpu.js, and the device's buffers and textures. */
  readonly held: () => Resources
  readonly dispose: Task<void>
}

type Rows = readonly Float32Array[]

const engineError = (expected: string, received: string, where?: string): TangentError =>
  tangentError('EngineError', 'gpujs', expected, received, where)

/** An error about one kernel: its name and size, and its source. */
const kernelError = (kernel: Kernel, expected: string, received: string): TangentError =>
  engineError(
    expected,
    `${received} in\n${kernel.source}`,
    `kernel ${kernel.name} [${kernel.output.join(', ')}]`
  )

const workOf = ({ output, cost }: Kernel): number => sizeOf(output) * (cost.flops + cost.loads)

/**
 * An error about a whole run. A device is lost, or drops its work, mostly because something took too long: the kernel with
 * the most work is named.
 */
const runError = (program: KernelProgram, expected: string, received: string): TangentError => {
  const [first, ...others] = program.kernels
  if (first === undefined) return engineError(expected, received)
  const heaviest = others.reduce((most, kernel) => (workOf(kernel) > workOf(most) ? kernel : most), first)
  return kernelError(heaviest, expected, `${received}; the most work was`)
}

const lostError = (device: Device, program: KernelProgram): TangentError | undefined => {
  const reason = device.lost()
  return reason === undefined
    ? undefined
    : runError(program, 'a device that is there; open the engine again', `a lost one: ${reason}`)
}

const createKernel = (gpu: Gpu, kernel: Pick<Kernel, 'source' | 'output' | 'components'>): GpuKernel =>
  gpu.createKernel(kernel.source, settingsOf(kernel))

/** Finds the kernel that does not compile, or falls back, by building each alone; only after a plan has failed. */
const findFailingKernel = async (
  backend: KernelBackend,
  { gpu, errors }: Device,
  program: KernelProgram
): Promise<TangentError | undefined> => {
  for (const kernel of program.kernels) {
    const mark = errors.mark()
    const alone = createKernel(gpu, kernel)
    const reason = await Promise.resolve()
      .then(() => alone(...kernel.arrays.map(() => new Float32Array(1))))
      .then(() => errors.since(mark), messageOf)
    const fallback = kernelFallback(backend, field(alone, 'kernel'))
    alone.destroy()
    forget(gpu, [alone.kernel])
    if (fallback !== undefined) return kernelError(kernel, `a plan that runs on ${backend}`, fallback)
    if (reason !== undefined) return kernelError(kernel, 'kernels that compile', reason)
  }
  return undefined
}

/** Runs are numbered in turn, by numbers that float32 counts exactly. */
const TURNS = 2 ** 20

/** Calls a plan, and refuses results that are not to be trusted. */
const caller = (backend: KernelBackend, device: Device, program: KernelProgram, plan: GpuPipeline) => {
  const { errors, mayDropWork } = device
  let turn = 0

  const failure = (mark: number): TangentError | undefined => {
    const lost = lostError(device, program)
    if (lost !== undefined) return lost
    const fallback = planFallback(backend, plan)
    if (fallback !== undefined) return engineError(`a plan that runs on ${backend}`, fallback)
    const reason = errors.since(mark)
    return reason === undefined ? undefined : runError(program, 'a run to its end', reason)
  }

  const rowsOf = (results: unknown, sent: number): E.Either<TangentError, Rows> => {
    const rows = Array.isArray(results) ? results.map(rowOf) : []
    if (!rows.every((row) => row !== undefined))
      return E.left(engineError('rows of numbers', 'another result of gpu.js'))
    if (!mayDropWork) return E.right(rows)
    const received = rows.at(-1)?.[0]
    return received === sent + 1
      ? E.right(rows.slice(0, -1))
      : E.left(runError(program, `a run to its end, whose last step gives ${sent + 1}`, `${received}`))
  }

  return async (inputs: Rows): Promise<E.Either<TangentError, Rows>> => {
    turn = (turn + 1) % TURNS
    const sent = turn
    const mark = errors.mark()
    try {
      const results = await plan(...inputs, ...(mayDropWork ? [Float32Array.of(sent)] : []))
      const error = failure(mark)
      return error === undefined ? rowsOf(results, sent) : E.left(error)
    } catch (error) {
      return E.left(failure(mark) ?? engineError('a run to its end', messageOf(error)))
    }
  }
}

/** Compiles a program on a device and runs it once, on zeros: what is returned is known to run. */
const load = async (
  backend: KernelBackend,
  threads: number,
  device: Device,
  program: KernelProgram,
  isOpen: () => boolean
): Promise<E.Either<TangentError, LoadedProgram>> => {
  const lost = lostError(device, program)
  if (lost !== undefined) return E.left(lost)
  const exceeded = limitExceeded(program, device.limits)
  if (exceeded !== undefined)
    return E.left(kernelError(exceeded.kernel, `${exceeded.expected} on ${backend}`, exceeded.received))

  const { gpu, mayDropWork } = device
  const kernels: GpuKernel[] = []
  let plan: GpuPipeline | undefined
  let disposed = false
  const dispose = async (): Promise<void> => {
    if (disposed) return
    disposed = true
    if (mayDropWork && device.lost() !== undefined) return
    const clones = plan === undefined ? [] : clonesOf(plan)
    await plan?.destroy()
    for (const kernel of kernels) kernel.destroy()
    forget(gpu, [...clones, ...kernels.map(({ kernel }) => kernel)])
  }
  const refuse = async (error: TangentError): Promise<E.Either<TangentError, never>> => {
    await dispose()
    const named = device.lost() === undefined ? await findFailingKernel(backend, device, program) : undefined
    // an error of a kernel on a device that was lost meanwhile is the device's
    return E.left(lostError(device, program) ?? named ?? error)
  }

  try {
    for (const kernel of mayDropWork ? [...program.kernels, CANARY] : program.kernels)
      kernels.push(createKernel(gpu, kernel))
    const orchestrate = orchestration(program, kernels, mayDropWork ? kernels.at(-1) : undefined)
    plan = gpu.createPipeline(orchestrate, threads > 1 ? {} : { threads: false })
  } catch (error) {
    return refuse(engineError('kernels that compile', messageOf(error)))
  }
  const call = caller(backend, device, program, plan)
  const first = await call(program.inputSizes.map((size) => new Float32Array(size)))
  if (E.isLeft(first)) return refuse(first.left)
  return E.right({
    // known since the first run
    threaded: plan.executorKind === 'fused-threaded',
    dispose,
    run: (inputs) => async () => {
      if (disposed || !isOpen()) return E.left(engineError('a loaded program', 'one that was disposed'))
      const gone = lostError(device, program)
      return gone === undefined ? call(inputs) : E.left(gone)
    }
  })
}

/** Makes a runtime of an open device; `threads` share the work where the backend has any. */
export const runtimeOf = (backend: KernelBackend, threads: number, device: Device): Runtime => {
  const { gpu, adapter } = device
  const isGl = backend === 'webgl2' || backend === 'headlessgl'
  let isOpen = true
  let isGone = false
  return {
    adapter,
    load: (program) => async () =>
      isOpen
        ? load(backend, threads, device, isGl ? splitByExtent(program) : program, () => isOpen)
        : E.left(engineError('an open engine', 'one that was disposed')),
    held: () =>
      isGone
        ? { kernels: 0, plans: 0, buffers: 0, textures: 0 }
        : { kernels: gpu.kernels.length, plans: gpu.pipelines.length, ...device.memory() },
    dispose: async () => {
      if (!isOpen) return
      isOpen = false
      // what a lost device held is gone with it
      isGone = device.lost() !== undefined
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
