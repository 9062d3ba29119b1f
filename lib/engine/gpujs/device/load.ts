import * as E from 'fp-ts/lib/Either.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Kernel, KernelBackend } from '../../../../kernels/kernel.js'
import type { TangentError } from '../../../core/error.js'
import type { Program } from '../program.js'
import type { Device } from './device.js'
import { type Gpu, type GpuKernel, type GpuPipeline, settingsOf } from './gpu.js'
import { clonesOf, fallBack, strayed } from './guard.js'
import { beyond } from './limits.js'
import { CANARY, orchestration } from './orchestrate.js'
import { engineError, kernelError, runError } from './report.js'
import { flatten } from './rows.js'
import { field, messageOf } from './unknown.js'

/** A program compiled and proven to run where it was meant to. */
export interface Loaded {
  /** The results of the program's outputs, each as one row of elements. */
  readonly run: (inputs: readonly Float32Array[]) => TaskEither<TangentError, readonly Float32Array[]>
  /** How many threads share the work of a step. */
  readonly threaded: boolean
  readonly dispose: Task<void>
}

type Rows = E.Either<TangentError, readonly Float32Array[]>

/** The numbers that canaries are sent are taken in turn, from those that float32 counts exactly. */
const TURNS = 2 ** 20

const lostError = (program: Program, gone: string): TangentError =>
  runError(program, 'a device that is there; open the engine again', `a lost one: ${gone}`)

/** Finds the kernel that does not compile, or falls back, by building each alone; only after a plan has failed. */
const culprit = async (
  backend: KernelBackend,
  { gpu, complaints }: Device,
  program: Program
): Promise<TangentError | undefined> => {
  for (const kernel of program.kernels) {
    const mark = complaints.mark()
    const alone = gpu.createKernel(kernel.source, settingsOf(kernel))
    const reason = await Promise.resolve()
      .then(() => alone(...kernel.arrays.map(() => new Float32Array(1))))
      .then(() => complaints.since(mark), messageOf)
    const fell = strayed(backend, field(alone, 'kernel'))
    alone.destroy()
    if (fell !== undefined) return kernelError(kernel, `a plan that runs on ${backend}`, fell)
    if (reason !== undefined) return kernelError(kernel, 'kernels that compile', reason)
  }
  return undefined
}

/** How a plan is called, and what stands against believing what came back. */
const caller = (backend: KernelBackend, device: Device, program: Program, plan: GpuPipeline) => {
  const { complaints, canVanish } = device
  let turn = 0

  const doubt = (mark: number): TangentError | undefined => {
    const gone = device.lost()
    if (gone !== undefined) return lostError(program, gone)
    const fell = fallBack(backend, plan)
    if (fell !== undefined) return engineError(`a plan that runs on ${backend}`, fell)
    const reason = complaints.since(mark)
    return reason === undefined ? undefined : runError(program, 'a run to its end', reason)
  }

  const rowsOf = (results: unknown, sent: number): Rows => {
    const rows = Array.isArray(results) ? results.map(flatten) : []
    if (!rows.every((row) => row !== undefined))
      return E.left(engineError('rows of numbers', 'another result of gpu.js'))
    if (!canVanish) return E.right(rows)
    const came = rows.at(-1)?.[0]
    return came === sent + 1
      ? E.right(rows.slice(0, -1))
      : E.left(runError(program, `a run to its end, whose last step gives ${sent + 1}`, `${came}`))
  }

  return async (inputs: readonly Float32Array[]): Promise<Rows> => {
    turn = (turn + 1) % TURNS
    const sent = turn
    const mark = complaints.mark()
    try {
      const results = await plan(...inputs, ...(canVanish ? [Float32Array.of(sent)] : []))
      const error = doubt(mark)
      return error === undefined ? rowsOf(results, sent) : E.left(error)
    } catch (error) {
      return E.left(doubt(mark) ?? engineError('a run to its end', messageOf(error)))
    }
  }
}

/** Takes destroyed kernels off the list of their GPU: gpu.js 2.24.1 leaves those of mode cpu on it. */
const forget = ({ kernels }: Gpu, destroyed: readonly unknown[]): void => {
  const gone = new Set(destroyed)
  for (let i = kernels.length - 1; i >= 0; i--) if (gone.has(kernels[i])) kernels.splice(i, 1)
}

/** Compiles a program on a device and runs it once, on zeros: what is given back has been seen to run. */
export const load = async (
  backend: KernelBackend,
  threads: number,
  device: Device,
  program: Program,
  isOpen: () => boolean
): Promise<E.Either<TangentError, Loaded>> => {
  const gone = device.lost()
  if (gone !== undefined) return E.left(lostError(program, gone))
  const excess = beyond(program, device.limits)
  if (excess !== undefined)
    return E.left(kernelError(excess.kernel, `${excess.expected} on ${backend}`, excess.received))

  const { gpu, canVanish } = device
  const kernels: GpuKernel[] = []
  let plan: GpuPipeline | undefined
  let disposed = false
  const dispose = async (): Promise<void> => {
    if (disposed) return
    disposed = true
    if (canVanish && device.lost() !== undefined) return
    const clones = plan === undefined ? [] : clonesOf(plan)
    await plan?.destroy()
    for (const kernel of kernels) kernel.destroy()
    forget(gpu, [...clones, ...kernels.map(({ kernel }) => kernel)])
  }
  const create = (kernel: Pick<Kernel, 'source' | 'output' | 'components'>): GpuKernel => {
    const made = gpu.createKernel(kernel.source, settingsOf(kernel))
    kernels.push(made)
    return made
  }
  const refuse = async (error: TangentError): Promise<E.Either<TangentError, never>> => {
    await dispose()
    const named = device.lost() === undefined ? await culprit(backend, device, program) : undefined
    // whatever a kernel is blamed for on a device that went meanwhile, is the device's
    const gone = device.lost()
    return E.left(gone === undefined ? (named ?? error) : lostError(program, gone))
  }

  try {
    for (const kernel of program.kernels) create(kernel)
    const orchestrate = orchestration(program, kernels, canVanish ? create(CANARY) : undefined)
    plan = gpu.createPipeline(orchestrate, threads > 1 ? {} : { threads: false })
  } catch (error) {
    return refuse(engineError('kernels that compile', messageOf(error)))
  }
  const made = plan
  const call = caller(backend, device, program, made)
  const tried = await call(program.inputSizes.map((size) => new Float32Array(size)))
  if (E.isLeft(tried)) return refuse(tried.left)
  return E.right({
    threaded: made.executorKind === 'fused-threaded',
    dispose,
    run: (inputs) => async () => {
      if (disposed || !isOpen()) return E.left(engineError('a loaded program', 'one that was disposed'))
      const now = device.lost()
      return now === undefined ? call(inputs) : E.left(lostError(program, now))
    }
  })
}
