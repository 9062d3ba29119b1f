/**
 * The reference engine: a plan goes in, and its graph is evaluated in float64 by the meaning that each primitive has in
 * `graph/primitives`. It is the oracle of every other engine and of the specs, always there and never fast. There is
 * nothing to add here: a new primitive brings its meaning along.
 */
import * as TE from 'fp-ts/lib/TaskEither.js'
import { evaluateGraph } from '../../graph/evaluate.js'
import { attempt } from '../../graph/trace.js'
import type { OpenBackend } from '../backend.js'

const executed = { engine: 'reference', backend: 'float64 TypeScript', threads: 1 } as const

/** Opens the reference engine: float64 on the host. It never fails. */
export const openReference: OpenBackend = () =>
  TE.right({
    executed,
    load: ({ graph }) =>
      TE.right({
        executed,
        run: (inputs) => TE.fromEither(attempt(() => evaluateGraph(graph, inputs))),
        dispose: async () => undefined
      }),
    held: () => ({}),
    dispose: async () => undefined
  })
