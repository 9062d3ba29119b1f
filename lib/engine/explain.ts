import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { entry } from '../core/entry.js'
import type { TangentError } from '../core/error.js'
import { checkOptions, option, type OptionKinds, wordList } from '../core/options.js'
import { leaves, rebuild } from '../core/tree.js'
import { vjp } from '../diff/index.js'
import { type Graph, print } from '../graph/graph.js'
import { isKey, type Key } from '../graph/key.js'
import { spec, type Specs } from '../graph/spec.js'
import { isTensor, type Tensor } from '../graph/tensor.js'
import { attempt, trace, type Traced } from '../graph/trace.js'
import { optimise } from '../optimise/index.js'
import { type Cost, costOfGraph } from '../optimise/cost.js'
import { unrollLoops } from '../optimise/unroll-loops.js'
import { describedBackends, describeProgram, type ProgramDescription } from './gpujs/index.js'
import { describeLoops, type LoopDescription, showLoops } from './loops.js'
import { planOf } from './plan.js'

/** The stages to show beyond the graphs and their cost. */
export interface ExplainOptions {
  /**
   * Whether to show the derivative too: the function's transposed Jacobian, from cotangents of its results.
   *
   * @defaultValue `false`
   */
  readonly derivative?: boolean
  /**
   * The backends of gpu.js whose kernels to show, with buffers and sources.
   *
   * @defaultValue none
   */
  readonly backends?: readonly ProgramDescription['backend'][]
}

const kinds: OptionKinds<ExplainOptions> = {
  derivative: option.flag,
  backends: wordList(...describedBackends)
}

/** A graph as it was traced, as an engine receives it, and the cost of one run. */
export interface Stages {
  /** The graph as it was traced. */
  readonly traced: Graph
  /** The graph after all rewrites. */
  readonly optimised: Graph
  /** What the optimised graph costs. */
  readonly cost: Cost
  /** The loops of the traced graph, and which engines write their steps out. */
  readonly loops: readonly LoopDescription[]
}

/** A function at every stage from its trace to its kernels. */
export interface Explanation extends Stages {
  /** The same for its derivative, if it was asked for. */
  readonly derivative: Stages | undefined
  /** Kernels, calls and buffers on each backend that was asked for. */
  readonly programs: readonly ProgramDescription[]
  /** All of it as text. */
  readonly text: string
}

const isArgument = (value: unknown): value is Tensor | Key => isTensor(value) || isKey(value)

/** A function's arguments, and one cotangent for each of its results. */
type Point<Args> = readonly [args: Args, cotangents: readonly Tensor[]]

/**
 * The transposed derivative of a whole traced function as a function of its own: from its arguments and a cotangent for
 * each result to a cotangent for each tensor among the arguments. Keys are held fixed.
 */
const traceDerivative = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  { args, graph }: Traced<Args, Out>
): E.Either<TangentError, Traced<Point<Args>, readonly Tensor[]>> => {
  const pull = (symbols: Args, cotangents: readonly Tensor[]): readonly Tensor[] => {
    const found = leaves('explain', isArgument, symbols).map(({ value }) => value)
    const results = (tensors: readonly Tensor[]): readonly Tensor[] => {
      const rest = [...tensors]
      const moved = found.map((leaf) => (isTensor(leaf) ? rest.shift() : leaf))
      const out = f(...rebuild<Tensor | Key, Args>('explain', isArgument, symbols, moved))
      return leaves('explain', isTensor, out).map(({ value }) => value)
    }
    return vjp(results)(found.filter(isTensor))[1](cotangents)
  }
  const cotangents = graph.outputs.map(({ shape }) => spec(shape))
  return trace<Point<Args>, readonly Tensor[]>(pull, [args, cotangents] as Specs<Point<Args>>)
}

const stagesOf = (traced: Graph): Stages => {
  const optimised = optimise(traced)
  return { traced, optimised, cost: costOfGraph(optimised), loops: describeLoops(traced) }
}

const showCost = ({ flops, bytes }: Cost): string =>
  `${(flops / 1e6).toPrecision(3)} MFLOP, ${(bytes / 1e6).toPrecision(3)} MB`

const showStages = (name: string, { traced, optimised, cost, loops }: Stages): readonly string[] => [
  `${name}:\n${print(traced)}`,
  ...showLoops(name, loops),
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
 * Shows what a function is compiled to, without running anything: its graph, its derivative, the optimised graphs with
 * their cost, the loops with the engines that write their steps out, and for each backend of gpu.js the kernels with their
 * sources, the calls and the lifetimes of the buffers. It needs no engine. A function that cannot be traced or lowered is a Left.
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
export const explain = entry(
  'explain',
  'Either',
  1,
  <Args extends readonly unknown[], Out>(
    f: (...args: Args) => Out,
    specs: Specs<Args>,
    options: ExplainOptions = {}
  ): E.Either<TangentError, Explanation> => {
    const { derivative = false, backends = [] } = checkOptions('explain', kinds, options)
    return pipe(
      E.Do,
      E.bind('traced', () => trace(f, specs)),
      E.bind('pulled', ({ traced }) => (derivative ? traceDerivative(f, traced) : E.right(undefined))),
      E.flatMap(({ traced, pulled }) =>
        attempt(() => {
          const own = stagesOf(traced.graph)
          const derived = pulled === undefined ? undefined : stagesOf(pulled.graph)
          const flat = unrollLoops(traced.graph)
          const plan = planOf(flat === traced.graph ? own.optimised : optimise(flat))
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
  }
)
