import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { KernelBackend } from '../../../kernels/kernel.js'
import { formatError, type TangentError } from '../../../lib/core/error.js'
import type { NdArray } from '../../../lib/core/ndarray.js'
import type { Backend } from '../../../lib/engine/backend.js'
import { openGpujs } from '../../../lib/engine/gpujs/open-gpujs.js'
import { planOf } from '../../../lib/engine/plan.js'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import type { Graph } from '../../../lib/graph/graph.js'
import type { Specs } from '../../../lib/graph/spec.js'
import { trace } from '../../../lib/graph/trace.js'
import { optimise } from '../../../lib/optimise/index.js'
import { unrollLoops } from '../../../lib/optimise/unroll-loops.js'

/** The right side, or a thrown error that says what the left was. */
export const right = <A>(either: E.Either<TangentError, A>): A => {
  if (E.isLeft(either)) throw new Error(formatError(either.left))
  return either.right
}

/** The host's own processor, which is always there. */
export const modes = ['webasm', 'cpu'] as const

export const open = async (mode: KernelBackend, threads = 1): Promise<Backend> =>
  right(await openGpujs(mode)({ threads })())

/** A backend for all specs of a suite; where a GPU is not there they are skipped, and say why. */
export const useBackend = (mode: KernelBackend): (() => Backend) => {
  let opened: E.Either<TangentError, Backend> | undefined
  beforeAll(async () => {
    opened = await openGpujs(mode)({ threads: 1 })()
  })
  beforeEach((context) => {
    if (opened !== undefined && E.isLeft(opened) && mode !== 'webasm' && mode !== 'cpu')
      context.skip(formatError(opened.left))
  })
  afterAll(async () => {
    if (opened !== undefined && E.isRight(opened)) await opened.right.dispose()
  })
  return () => right(opened!)
}

/** The optimised graph of a function, loops written out as the engine does. */
export const graphOf = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  specs: Specs<Args>
): Graph => optimise(unrollLoops(right(trace(f, specs)).graph))

/** Runs a graph on a backend, once, and disposes of it. */
export const runOn = async (
  backend: Backend,
  graph: Graph,
  inputs: readonly NdArray[]
): Promise<readonly NdArray[]> => {
  const plan = planOf(graph)
  const executable = right(await backend.load(plan)())
  const result = right(await executable.run(plan.feed(inputs))())
  await executable.dispose()
  return result
}

/** The largest difference between two results, relative to the size of what is expected. */
const distance = (actual: readonly NdArray[], expected: readonly NdArray[]): number => {
  if (actual.length !== expected.length) return Infinity
  let worst = 0
  expected.forEach(({ shape, data }, i) => {
    const got = actual[i]!
    if (got.shape.join() !== shape.join() || got.data.length !== data.length) worst = Infinity
    const scale = Math.max(1, ...data.map(Math.abs))
    data.forEach((x, j) => {
      const y = got.data[j]!
      if (Object.is(x, y) || x === y || (Number.isNaN(x) && Number.isNaN(y))) return
      const difference = Math.abs(x - y) / scale
      worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference)
    })
  })
  return worst
}

/** How far a backend's results are from the float64 meaning of a graph. */
export const disagreement = async (
  backend: Backend,
  graph: Graph,
  inputs: readonly NdArray[]
): Promise<number> => distance(await runOn(backend, graph, inputs), evaluateGraph(graph, inputs))
