import { pipe } from 'fp-ts/lib/function.js'
import { type Graph, share } from '../graph/graph.js'
import { factor } from './factor.js'
import { flatten } from './flatten.js'
import { simplify, tidy } from './simplify.js'
import { split } from './split.js'

/**
 * Makes a graph cheap without changing its value: algebraic rules and constants first, then nested contractions are
 * merged where that lowers the cost, every contraction is split along its cheapest path into the normal forms of
 * `normal.ts`, equal nodes are shared again, and sums take out common factors. What no output needs is gone by construction.
 */
export const optimise = (graph: Graph): Graph =>
  pipe(
    graph,
    simplify,
    simplify,
    share,
    flatten,
    share,
    simplify,
    share,
    split,
    share,
    tidy,
    share,
    factor,
    share
  )
