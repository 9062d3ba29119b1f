import { type Graph, numberNodes, topological } from '../graph/graph.js'
import { isOp, type Tensor, type TensorOf } from '../graph/tensor.js'
import { unrollLoops } from '../optimise/unroll-loops.js'

/** What a rule knows of a loop (`ops.scan`). */
export interface LoopFacts {
  /** The number of its steps. */
  readonly steps: number
  /** Whether a loop of its program runs in reverse: that of a derivative. */
  readonly isDifferentiated: boolean
}

/** Why an engine writes the steps of a loop out before a program is optimised; undefined where it runs the loop as one. */
export type LoopRule = (loop: LoopFacts) => string | undefined

/** Loops of fewer steps are written out by ONNX Runtime on a CPU: they compile within some ten milliseconds either way, and run alike. */
const LEAST_STEPS = 5

/**
 * The rules by engines. `npm run bench:loops` measures them: steps of PGD as a loop run for .90 to 1.08 times as long as written out, and
 * 40 of them compile in a fifth to a fifteenth of the time; a gradient through a loop takes 1.35 times as long, since what steps add to the
 * gradient of a weight is then summed one by one.
 */
export const loopRules = {
  reference: () => undefined,
  'onnx on a CPU': ({ steps, isDifferentiated }) =>
    isDifferentiated
      ? 'what the steps give to a derivative is summed faster together'
      : steps < LEAST_STEPS
        ? `fewer than ${LEAST_STEPS} steps are not faster in a loop`
        : undefined,
  'onnx elsewhere': () => 'the operator Scan is one of the CPU',
  gpujs: () => 'a program of gpu.js is a list of kernel calls without loops'
} as const satisfies Readonly<Record<string, LoopRule>>

/** Whether an engine runs long loops as loops. */
export const runsLoops = (rule: LoopRule): boolean =>
  rule({ steps: Infinity, isDifferentiated: false }) === undefined

const isReverse = (graph: Graph): boolean =>
  topological(graph.outputs).some(
    (node) => isOp(node, 'scan') && (node.op.reverse || isReverse(node.op.body))
  )

/** What a rule knows of each loop of a graph, those in bodies included. */
const factsOf = (graph: Graph): ((node: TensorOf<'scan'>) => LoopFacts) => {
  const isDifferentiated = isReverse(graph)
  return ({ op }) => ({ steps: op.length, isDifferentiated })
}

/** The graph for an engine: the loops that its rule writes out, written out. */
export const applyLoopRule = (rule: LoopRule, graph: Graph): Graph => {
  const facts = factsOf(graph)
  return unrollLoops(graph, (node) => rule(facts(node)) !== undefined)
}

/** A loop of a traced graph, and what engines make of it. */
export interface LoopDescription {
  /** Where it is: the node as the graph prints it, after those of the loops around it: `%3`, `%3 %5`. */
  readonly node: string
  /** The number of its steps. */
  readonly steps: number
  /** Nodes of its body without the inputs. */
  readonly bodyNodes: number
  /** The engines that write its steps out, each with the reason; all others run it as a loop. */
  readonly unrolled: readonly { readonly engines: string; readonly why: string }[]
}

/** Every loop of a traced graph, each before those in its body. */
export const describeLoops = (graph: Graph): readonly LoopDescription[] => {
  const facts = factsOf(graph)
  const described = (part: Graph, around: string): readonly LoopDescription[] => {
    const { nodes, id } = numberNodes(part)
    return nodes.flatMap((node: Tensor) => {
      if (!isOp(node, 'scan')) return []
      const { body, length } = node.op
      const name = `${around}%${id(node)}`
      const unrolled = Object.entries<LoopRule>(loopRules).flatMap(([engines, rule]) => {
        const why = rule(facts(node))
        return why === undefined ? [] : [{ engines, why }]
      })
      const bodyNodes = numberNodes(body).nodes.length - body.inputs.length
      return [{ node: name, steps: length, bodyNodes, unrolled }, ...described(body, `${name} `)]
    })
  }
  return described(graph, '')
}

const runnersOf = ({ unrolled }: LoopDescription): string =>
  Object.keys(loopRules)
    .filter((engines) => unrolled.every((each) => each.engines !== engines))
    .join(', ')

/** The loops as text; nothing without any. */
export const showLoops = (name: string, loops: readonly LoopDescription[]): readonly string[] =>
  loops.length === 0
    ? []
    : [
        [
          `loops of ${name}:`,
          ...loops.flatMap((loop) => [
            `  ${loop.node}: ${loop.steps} steps of ${loop.bodyNodes} nodes`,
            `    run as a loop: ${runnersOf(loop)}`,
            ...loop.unrolled.map(({ engines, why }) => `    written out: ${engines}, for ${why}`)
          ])
        ].join('\n')
      ]
