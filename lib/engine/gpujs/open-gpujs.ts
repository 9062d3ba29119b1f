import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { KernelBackend } from '../../../kernels/kernel.js'
import type { TangentError } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import type { Executed } from '../../graph/runner.js'
import { attempt } from '../../graph/trace.js'
import { type Backend, type Executable, float32, type OpenBackend } from '../backend.js'
import type { Plan } from '../plan.js'
import { lowerPlan } from './lower-plan.js'
import { VERSION } from './packages.js'
import type { KernelProgram } from './kernel-program.js'
import { openRuntime, type Runtime } from './device/index.js'

/**
 * A plan's results that no kernel computes are handed through on the host, constants as copies; the rest is one gpu.js
 * pipeline.
 */
const executableOf = (
  runtime: Runtime,
  plan: Plan,
  program: KernelProgram,
  executed: Executed
): TE.TaskEither<TangentError, Executable> => {
  const computed = [...new Set(program.outputs.filter(({ from }) => from === 'step'))]
  const shapes = plan.graph.outputs.map((output) => output.shape)
  const collect = (inputs: readonly Float32Array[], rows: readonly Float32Array[]): readonly NdArray[] =>
    program.outputs.map((source, i) => {
      const data =
        source.from === 'input'
          ? inputs[source.at]!
          : source.from === 'constant'
            ? program.constants[source.at]!.slice()
            : rows[computed.indexOf(source)]!
      return { _tag: 'NdArray', shape: shapes[i]!, data }
    })
  if (computed.length === 0)
    return TE.right({
      executed,
      run: (inputs) => TE.right(collect(inputs.map(float32), [])),
      dispose: async () => undefined
    })
  return pipe(
    runtime.load({ ...program, outputs: computed }),
    TE.map(({ run, threaded, dispose }): Executable => ({
      executed: threaded ? executed : { ...executed, threads: 1 },
      run: (inputs) => {
        const data = inputs.map(float32)
        return pipe(
          run(data),
          TE.map((rows) => collect(data, rows))
        )
      },
      dispose
    }))
  )
}

const backendOf = (backend: KernelBackend, threads: number, runtime: Runtime): Backend => {
  const on = runtime.adapter === undefined ? '' : ` (${runtime.adapter})`
  const executed: Executed = {
    engine: `gpujs:${backend}`,
    backend: `gpu.js ${VERSION} ${backend}${on}`,
    threads: backend === 'webasm' ? threads : 1
  }
  return {
    executed,
    load: (plan) =>
      pipe(
        TE.fromEither(attempt(() => lowerPlan(plan, backend))),
        TE.flatMap((program) => executableOf(runtime, plan, program, executed))
      ),
    held: runtime.held,
    dispose: runtime.dispose
  }
}

/**
 * The gpu.js engine in one mode: a plan becomes one pipeline of generated kernels. A mode that is not there, or
 * that gpu.js would silently replace by another, is an EngineError that names the reason.
 */
export const openGpujs =
  (backend: KernelBackend): OpenBackend =>
  ({ threads }) =>
    pipe(
      openRuntime(backend, threads),
      TE.map((runtime) => backendOf(backend, threads, runtime))
    )
