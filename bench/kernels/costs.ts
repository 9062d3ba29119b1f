import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { formatError, ops, optimise, spec, type TangentError, type Tensor, trace } from '../../lib/index.js'
import type { KernelBackend } from '../../kernels/kernel.js'
import { lowerPlan } from '../../lib/engine/gpujs/lower-plan.js'
import type { KernelProgram } from '../../lib/engine/gpujs/kernel-program.js'
import { openRuntime, type Runtime } from '../../lib/engine/gpujs/device/runtime.js'
import { planOf } from '../../lib/engine/plan.js'
import { quantile } from '../harness/statistics.js'
import { table } from '../harness/table.js'
import { repeated } from './repeat.js'

type Shape = readonly number[]

const BUDGET = 400
const AGAIN = 8
const LARGE = 2 ** 18

/** The median time of a run of a program in ns. */
const runTime = (runtime: Runtime, program: KernelProgram): TE.TaskEither<TangentError, number> =>
  pipe(
    runtime.load(program),
    TE.flatMap((loaded) => async () => {
      const inputs = program.inputSizes.map((size) => new Float32Array(size).fill(0.5))
      const times: number[] = []
      const end = performance.now() + BUDGET
      while (times.length < 4 || performance.now() < end) {
        const start = performance.now()
        const result = await loaded.run(inputs)()
        if (E.isLeft(result)) return result
        times.push((performance.now() - start) * 1e6)
      }
      await loaded.dispose()
      return E.right(quantile(0.5, times.slice(1)))
    })
  )

/**
 * How many steps a function's plan has, and their time in ns: what eight more applications to the same arrays add to a run, so
 * that nothing that moves up or back counts.
 */
const timeOf =
  (runtime: Runtime, backend: KernelBackend) =>
  (f: (x: Tensor) => Tensor, shape: Shape): TE.TaskEither<TangentError, { ns: number; steps: number }> =>
    pipe(
      TE.fromEither(trace(f, [spec(shape)])),
      TE.map(({ graph }) => lowerPlan(planOf(optimise(graph)), backend)),
      TE.flatMap((program) =>
        pipe(
          TE.Do,
          TE.bind('once', () => runTime(runtime, program)),
          TE.bind('again', () => runTime(runtime, repeated(program, 1 + AGAIN))),
          TE.map(({ once, again }) => ({ ns: (again - once) / AGAIN, steps: program.steps.length }))
        )
      )
    )

/** A chain of small products, none of which fuses with the next. */
const chain =
  (length: number) =>
  (x: Tensor): Tensor =>
    Array.from({ length }).reduce<Tensor>((y) => ops.scale(1 / 16)(ops.matmul(y)(y)), x)

/** Multiplications and additions in registers. */
const arithmetic =
  (length: number) =>
  (x: Tensor): Tensor =>
    Array.from({ length }).reduce<Tensor>((y) => ops.add(0.5)(ops.mul(x)(y)), x)

/** The columns of `kernels/variants.ts` that are times, and the least cells that fill the device. */
const costsOf = (backend: KernelBackend): TE.TaskEither<TangentError, readonly string[]> =>
  pipe(
    openRuntime(backend, 1),
    TE.flatMap((runtime) => {
      const time = timeOf(runtime, backend)
      return pipe(
        TE.Do,
        TE.bind('short', () => time(chain(4), [4, 4])),
        TE.bind('long', () => time(chain(64), [4, 4])),
        TE.bind('small', () => time(ops.neg, [16])),
        TE.bind('large', () => time(ops.neg, [LARGE])),
        TE.bind('heavy', () => time(arithmetic(16), [LARGE])),
        TE.bind('full', () => time(ops.sum(1), [4096, 256])),
        TE.bind('narrow', () => time(ops.sum(1), [16, 63])),
        TE.map(({ short, long, small, large, heavy, full, narrow }) => {
          const step = (long.ns - short.ns) / (long.steps - short.steps)
          const flop = (heavy.ns - large.ns) / LARGE / 32
          const load = (full.ns - small.ns) / (4096 * 256) - flop
          const cell = (large.ns - small.ns) / LARGE - load - flop
          const wide = (narrow.ns - small.ns) / (63 * (load + flop))
          return [backend, step / 1000, cell, load, flop, wide].map((x) =>
            typeof x === 'string' ? x : x.toPrecision(2)
          )
        }),
        TE.tapTask(() => runtime.dispose)
      )
    })
  )

/** Measures the table of costs anew on the backends that can be opened. */
export const showCosts = async (backends: readonly KernelBackend[]): Promise<string> => {
  const rows: (readonly string[])[] = []
  for (const backend of backends) {
    const costs = await costsOf(backend)()
    rows.push(E.isRight(costs) ? costs.right : [backend, formatError(costs.left).split('\n')[0]!])
  }
  return table(['backend', 'step µs', 'cell ns', 'load ns', 'flop ns', 'wide'], rows)
}
