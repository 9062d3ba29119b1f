import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { TangentError } from '../core/error.js'
import type { Graph } from '../graph/graph.js'
import { print } from '../graph/print.js'
import type { Specs } from '../graph/spec.js'
import { attempt, trace } from '../graph/trace.js'
import { optimise } from '../optimise/index.js'
import { type Cost, costOfGraph } from '../optimise/cost.js'
import { traceDerivative } from './derivative.js'
import { describeProgram, type ProgramDescription } from './gpujs/describe.js'
import { planOf } from './plan.js'

/** Which stages are wanted beyond the graphs and their cost. */
export interface ExplainOptions {
  /** Whether to show the derivative too: the function's transposed Jacobian, from cotangents of its results. */
  readonly derivative?: boolean
  /** The backends of gpu.js whose kernels are wanted, with buffers and sources; none unless given. */
  readonly backends?: readonly ProgramDescription['backend'][]
}

/** A graph as it is written, as an engine gets it, and what one run takes. */
export interface Stages {
  readonly traced: Graph
  readonly optimised: Graph
  readonly cost: Cost
}

/** A function at every stage between what was written and what runs. */
export interface Explanation extends Stages {
  /** The same for its derivative, where that was asked for. */
  readonly derivative: Stages | undefined
  /** Kernels, calls and buffers on each backend that was asked for. */
  readonly programs: readonly ProgramDescription[]
  /** All of it for a person. */
  readonly text: string
}

const stagesOf = (traced: Graph): Stages => {
  const optimised = optimise(traced)
  return { traced, optimised, cost: costOfGraph(optimised) }
}

const showCost = ({ flops, bytes }: Cost): string =>
  `${(flops / 1e6).toPrecision(3)} MFLOP, ${(bytes / 1e6).toPrecision(3)} MB`

const showStages = (name: string, { traced, optimised, cost }: Stages): readonly string[] => [
  `${name}:\n${print(traced)}`,
  `${name}, optimised, ${showCost(cost)}:\n${print(optimised)}`
]

/** A program as a table of calls, a table of buffers and the source of every kernel. */
const showProgram = ({ backend, kernels, calls, buffers, peakBytes }: ProgramDescription): string =>
  [
    `gpujs:${backend}, ${kernels.length} kernels, ${calls.length} calls, ${(peakBytes / 1e6).toPrecision(3)} MB at most:`,
    ...calls.map(
      ({ kernel, reads, writes, ...cost }, i) =>
        `  ${i}: ${writes.name} = ${kernel.name}(${reads.map(({ name }) => name).join(', ')}), ${showCost(cost)}`
    ),
    ...buffers.map(
      ({ name, bytes, from, to, isResult }) =>
        `  ${name}: ${bytes} bytes, calls ${from} to ${to}${isResult ? ', a result' : ''}`
    ),
    ...kernels.map(({ name, output, source }) => `\n  ${name} [${output.join(', ')}]\n${source}`)
  ].join('\n')

/**
 * Shows what becomes of a function before anything runs: its graph, its derivative, the optimised graphs with their
 * cost, and on each backend of gpu.js the kernels with their sources, the calls and the lives of the buffers. Nothing is
 * compiled, so it is at hand where there is no engine. A function that cannot be traced or lowered is a Left.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { explain, ops, spec, type Tensor } from 'tangentflow'
 *
 * // the kernel of a linear layer, written as a product of Jacobians: the path search finds the two Gram matrices
 * const kernel = (h: Tensor, d: Tensor) => ops.einsum('ni,noj,mi,mpj->nmop')(h, d, h, d)
 * const explained = explain(kernel, [spec([8, 300]), spec([8, 2, 100])], { derivative: true, backends: ['webasm'] })
 * assert.ok(E.isRight(explained))
 * assert.ok(explained.right.cost.flops < 1e5)
 * assert.equal(explained.right.derivative?.traced.outputs.length, 2)
 * assert.match(explained.right.programs[0]?.kernels[0]?.source ?? '', /^function/)
 */
export const explain = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  specs: Specs<Args>,
  { derivative = false, backends = [] }: ExplainOptions = {}
): E.Either<TangentError, Explanation> =>
  pipe(
    E.Do,
    E.bind('traced', () => trace(f, specs)),
    E.bind('pulled', ({ traced }) => (derivative ? traceDerivative(f, traced) : E.right(undefined))),
    E.flatMap(({ traced, pulled }) =>
      attempt(() => {
        const own = stagesOf(traced.graph)
        const derived = pulled === undefined ? undefined : stagesOf(pulled.graph)
        const plan = planOf(own.optimised)
        const programs = backends.map((backend) => describeProgram(plan, backend))
        const text = [
          ...showStages('traced', own),
          ...(derived === undefined ? [] : showStages('derivative', derived)),
          ...programs.map(showProgram)
        ].join('\n\n')
        return { ...own, derivative: derived, programs, text }
      })
    )
  )
