/**
 * Graph → graph of the same value that costs less: algebraic rules (`rules.ts`), merged contractions, contractions split
 * along their cheapest path (`path.ts`) into the normal forms of `normal.ts`, common factors taken out of sums. To add an
 * algebraic rule, add a row to `rules.ts`; a form of contraction that engines shall know goes into `normal.ts`.
 */
import { pipe } from 'fp-ts/lib/function.js'
import { type Graph, deduplicate } from '../graph/graph.js'
import { factor } from './factor.js'
import { mergeContractions } from './merge-contractions.js'
import { simplify, foldReshapes } from './simplify.js'
import { splitContractions } from './split-contractions.js'

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
    deduplicate,
    mergeContractions,
    deduplicate,
    simplify,
    deduplicate,
    splitContractions,
    deduplicate,
    foldReshapes,
    deduplicate,
    factor,
    deduplicate
  )
