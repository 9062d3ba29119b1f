/**
 * Graph → graph of the same value that costs less: algebraic rules (`rewrites.ts`), merged contractions, contractions split
 * along their cheapest path (`path.ts`) into the normal forms of `normal-form.ts`, common factors taken out of sums. To add an
 * algebraic rule, add a row to `rewrites.ts`; a form of contraction that engines are to support goes into `normal-form.ts`.
 */
import { plain } from '../core/plain.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Graph, deduplicate, rewrite, withBody } from '../graph/graph.js'
import { isOp } from '../graph/tensor.js'
import { factor } from './factor.js'
import { markDiverging, trimLoops } from './loops.js'
import { mergeContractions } from './merge-contractions.js'
import { simplify, foldReshapes } from './rewrites.js'
import { splitContractions } from './split-contractions.js'

export type { Cost } from './cost.js'

/** A pass, and the sharing of equal nodes if it changed any. */
const sharing =
  (pass: (graph: Graph) => Graph) =>
  (graph: Graph): Graph => {
    const changed = pass(graph)
    return changed === graph ? graph : deduplicate(changed)
  }

/** Makes the body of every loop cheap. */
const optimiseBodies = (graph: Graph): Graph =>
  rewrite(graph, (node) => (isOp(node, 'scan') ? withBody(markDiverging(node), optimise) : node))

/**
 * Makes a graph cheap without changing its value: algebraic rules and constants first, then nested contractions are
 * merged where that lowers the cost, every contraction is split along its cheapest path into the normal forms of
 * `normal-form.ts`, equal nodes are shared again, and sums take out common factors. What no output needs is gone by construction.
 */
export const optimise = plain('optimise', (graph: Graph): Graph =>
  pipe(
    deduplicate(simplify(trimLoops(graph))),
    sharing(mergeContractions),
    sharing(simplify),
    sharing(splitContractions),
    sharing(foldReshapes),
    sharing(factor),
    optimiseBodies
  )
)
