import * as TE from 'fp-ts/lib/TaskEither.js'
import { evaluateGraph } from '../../graph/evaluate.js'
import { attempt } from '../../graph/trace.js'
import type { OpenBackend } from '../backend.js'

const executed = { engine: 'reference', backend: 'float64 TypeScript', threads: 1 } as const

/** The reference engine: float64 on the host, the oracle of every other. It is always there. */
export const openReference: OpenBackend = () =>
  TE.right({
    executed,
    load: (plan) =>
      TE.right({
        executed,
        run: (inputs) => TE.fromEither(attempt(() => evaluateGraph(plan.graph, inputs))),
        dispose: async () => undefined
      }),
    held: () => ({}),
    dispose: async () => undefined
  })
