import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { TangentError } from '../core/error.js'
import type { Graph } from '../graph/graph.js'
import { print } from '../graph/print.js'
import type { Specs } from '../graph/spec.js'
import { attempt, trace } from '../graph/trace.js'
import { optimise } from './index.js'
import { type Work, workOfGraph } from './work.js'

/** A function at every stage between what was written and what an engine gets. */
export interface Explanation {
  /** As traced, derivatives included. */
  readonly traced: Graph
  /** As an engine gets it. */
  readonly optimised: Graph
  /** What one run of the optimised graph takes. */
  readonly work: Work
  /** All of it for a person. */
  readonly text: string
}

const showWork = ({ flops, bytes }: Work): string =>
  `${(flops / 1e6).toPrecision(3)} MFLOP, ${(bytes / 1e6).toPrecision(3)} MB`

/**
 * Shows what becomes of a function before anything runs: its graph, the optimised graph, and its cost. Nothing is
 * compiled, so it is at hand where there is no engine.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { explain, ops, spec, type Tensor } from 'tangentflow'
 *
 * // the kernel of a linear layer, written as a product of Jacobians: the path search finds the two Gram matrices
 * const kernel = (h: Tensor, d: Tensor) => ops.einsum('ni,noj,mi,mpj->nmop')(h, d, h, d)
 * const explained = explain(kernel, [spec([8, 300]), spec([8, 2, 100])])
 * assert.ok(E.isRight(explained))
 * assert.ok(explained.right.work.flops < 1e5)
 */
export const explain = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  specs: Specs<Args>
): E.Either<TangentError, Explanation> =>
  pipe(
    trace(f, specs),
    E.flatMap(({ graph: traced }) =>
      attempt(() => {
        const optimised = optimise(traced)
        const work = workOfGraph(optimised)
        const text = `traced:\n${print(traced)}\n\noptimised, ${showWork(work)}:\n${print(optimised)}`
        return { traced, optimised, work, text }
      })
    )
  )
