import { isOp } from '../graph/tensor.js'
import { type Graph, numberNodes } from '../graph/graph.js'

/** How engines compute a loop (`ops.scan`): as one, or with its steps written out before a program is optimised, and why. */
export type LoopRule = { readonly asLoop: true } | { readonly asLoop: false; readonly why: string }

/** The rule of each family of engines. */
export const loopRules = {
  reference: { asLoop: true },
  onnx: { asLoop: false, why: 'the operators Scan and Loop of ONNX are not used' },
  gpujs: { asLoop: false, why: 'a program of gpu.js is a list of kernel calls without loops' }
} as const satisfies Readonly<Record<string, LoopRule>>

/** A loop of a traced graph, and what engines make of it. */
export interface LoopDescription {
  /** Where it is: the node as the graph prints it, after those of the loops around it: `%3`, `%3 %5`. */
  readonly node: string
  /** The number of its steps. */
  readonly steps: number
  /** Nodes of its body without the inputs. */
  readonly bodyNodes: number
  /** The families of engines that write its steps out, each with the reason; all others run it as a loop. */
  readonly unrolled: readonly { readonly engines: string; readonly why: string }[]
}

const unrolled: LoopDescription['unrolled'] = Object.entries<LoopRule>(loopRules).flatMap(
  ([engines, rule]) => (rule.asLoop ? [] : [{ engines, why: rule.why }])
)

/** Every loop of a traced graph, each before those in its body. */
export const describeLoops = (graph: Graph, around = ''): readonly LoopDescription[] => {
  const { nodes, id } = numberNodes(graph)
  return nodes.flatMap((node) => {
    if (!isOp(node, 'scan')) return []
    const { body, length } = node.op
    const bodyNodes = numberNodes(body).nodes.length - body.inputs.length
    const name = `${around}%${id(node)}`
    return [{ node: name, steps: length, bodyNodes, unrolled }, ...describeLoops(body, `${name} `)]
  })
}

const runners = Object.entries<LoopRule>(loopRules).flatMap(([engines, rule]) =>
  rule.asLoop ? [engines] : []
)

/** The loops as text; nothing without any. */
export const showLoops = (name: string, loops: readonly LoopDescription[]): readonly string[] =>
  loops.length === 0
    ? []
    : [
        [
          `loops of ${name}:`,
          ...loops.map(({ node, steps, bodyNodes }) => `  ${node}: ${steps} steps of ${bodyNodes} nodes`),
          `  run as loops: ${runners.join(', ')}`,
          ...unrolled.map(({ engines, why }) => `  steps written out: ${engines}, for ${why}`)
        ].join('\n')
      ]
