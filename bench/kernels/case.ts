import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  evaluate,
  fold,
  key,
  type NdArray,
  ndarray,
  normals,
  optimise,
  spec,
  type TangentError,
  type Tensor,
  trace
} from '../../lib/index.js'
import type { Kernel, KernelBackend } from '../../kernels/kernel.js'
import { getOrThrow } from '../../lib/core/error.js'
import { lowerPlan } from '../../lib/engine/gpujs/lower-plan.js'
import type { KernelProgram } from '../../lib/engine/gpujs/kernel-program.js'
import { openRuntime, type Runtime } from '../../lib/engine/gpujs/device/runtime.js'
import { planOf } from '../../lib/engine/plan.js'
import type { Candidate, Case, Ready } from '../harness/candidate.js'
import { timed } from '../harness/candidate.js'
import { jaxKernel, tfjsKernel } from './peers.js'
import { repeated } from './repeat.js'
import { type KernelRow, type Naive, nameOf } from './row.js'

/** Software adapters give a few hundred MFLOP/s: on them a row above this is left out unless `--large` asks for it. */
const LARGEST_ON_GPU = 60e6

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** Standard normal operands of a row. */
export const argsOf = ({ shapes }: KernelRow): readonly NdArray[] =>
  shapes.map((shape, i) => ndarray.of(shape, normals(fold(i)(key(1)), sizeOf(shape))))

const traceRow = ({ f, shapes }: KernelRow) =>
  trace(
    f as (...args: Tensor[]) => Tensor,
    shapes.map((shape) => spec(shape))
  )

const shapeOf = (row: KernelRow): readonly number[] => getOrThrow(traceRow(row)).graph.outputs[0]!.shape

/** The program that a row becomes on a backend. */
const programOf = (row: KernelRow, backend: KernelBackend): E.Either<TangentError, KernelProgram> =>
  pipe(
    traceRow(row),
    E.map(({ graph }) => lowerPlan(planOf(optimise(graph)), backend))
  )

const naiveProgram = ({ shapes }: KernelRow, { source, output }: Naive): KernelProgram => {
  const kernel: Kernel = {
    name: 'naive',
    source,
    output,
    components: 1,
    divides: 0,
    arrays: shapes.map((_, i) => i),
    cost: { flops: 0, loads: 0 }
  }
  return {
    inputSizes: shapes.map(sizeOf),
    constants: [],
    kernels: [kernel],
    steps: [{ kernel: 0, args: shapes.map((_, at) => ({ from: 'input', at })) }],
    outputs: [{ from: 'step', at: 0 }]
  }
}

const readyOf =
  (row: KernelRow, backend: KernelBackend, runtime: Runtime) =>
  (program: KernelProgram): TE.TaskEither<TangentError, Ready> => {
    const inputs = argsOf(row).map(({ data }) => Float32Array.from(data))
    const start = performance.now()
    return pipe(
      runtime.load(repeated(program, row.repeat)),
      TE.map((loaded): Ready => {
        const lower = performance.now() - start
        const run = async (): Promise<readonly Float32Array[]> => getOrThrow(await loaded.run(inputs)())
        return {
          stages: { lower },
          once: async () => ({
            outcome: { value: ndarray.of(shapeOf(row), (await run())[0]!) },
            executed: {
              engine: `gpujs:${backend}`,
              backend: `gpu.js ${backend}${runtime.adapter === undefined ? '' : ` (${runtime.adapter})`}`,
              threads: loaded.threaded ? 2 : 1
            }
          }),
          step: async () => (await timed(run)) / row.repeat,
          dispose: async () => {
            await loaded.dispose()
            await runtime.dispose()
          }
        }
      })
    )
  }

const open = (
  row: KernelRow,
  backend: KernelBackend,
  program: E.Either<TangentError, KernelProgram>
): TE.TaskEither<TangentError, Ready> =>
  pipe(
    TE.fromEither(program),
    TE.flatMap((made) =>
      pipe(
        openRuntime(backend, 1),
        TE.flatMap((runtime) => readyOf(row, backend, runtime)(made))
      )
    )
  )

const onGpu = (backend: KernelBackend): boolean => backend !== 'webasm' && backend !== 'cpu'

/** A row on every backend of gpu.js, beside the naive kernel on the same backend and the peers. */
const candidatesOf = (
  row: KernelRow,
  backends: readonly KernelBackend[],
  large: boolean
): readonly Candidate[] => [
  ...jaxKernel(row, argsOf(row)),
  ...backends
    .filter((backend) => large || !onGpu(backend) || row.flops <= LARGEST_ON_GPU)
    .flatMap((backend): readonly Candidate[] => {
      const ours = { name: `gpujs:${backend}`, threads: 1, open: open(row, backend, programOf(row, backend)) }
      const { naive } = row
      return naive === undefined
        ? [ours]
        : [
            ours,
            {
              name: `naive ${backend}`,
              threads: 1,
              open: open(row, backend, E.right(naiveProgram(row, naive)))
            }
          ]
    }),
  ...tfjsKernel(row, argsOf(row))
]

/** A row as a case of the benchmark: checked against the reference, then timed beside its peers. */
export const kernelCase =
  (backends: readonly KernelBackend[], large: boolean) =>
  (row: KernelRow): Case => {
    const bytes = 4 * (row.shapes.reduce((sum, shape) => sum + sizeOf(shape), 0) + sizeOf(shapeOf(row)))
    return {
      name: nameOf(row),
      title: row.repeat === 1 ? 'one application' : `one of ${row.repeat} applications in a run`,
      work: { flops: row.flops, bytes },
      ...(row.best === undefined ? {} : { best: row.best }),
      reference: async () =>
        pipe(
          evaluate(row.f as (...args: Tensor[]) => Tensor)(...argsOf(row)),
          E.map((value) => ({ value }))
        ),
      tolerance: 1e-5,
      candidates: () => candidatesOf(row, backends, large),
      comparisons: backends.map((backend) => ({
        of: `naive ${backend}`,
        to: `gpujs:${backend}`,
        sameThreads: true
      }))
    }
  }
