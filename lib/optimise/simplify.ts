import { type Graph, rewrite } from '../graph/graph.js'
import { settle } from './rewrite.js'
import { reshapes, rewrites } from './rules.js'

/** One bottom-up pass of constant folding and the algebraic rules. */
export const simplify = (graph: Graph): Graph => rewrite(graph, settle(rewrites))

/** Constant folding and the merging of reshapes, for graphs whose contractions must stay in the form they have. */
export const foldReshapes = (graph: Graph): Graph => rewrite(graph, settle(reshapes))
