import * as E from 'fp-ts/lib/Either.js'
import { formatError, messageOf, type TangentError } from '../../lib/core/error.js'
import type { EngineName } from '../../lib/engine/engines.js'
import { openEngine } from '../../lib/engine/open-engine.js'
import { enginesAgree } from '../../lib/laws/engine-agrees.js'

/** What came of comparing an engine with the reference on random graphs, forward and gradient. */
export interface Agreement {
  readonly engine: EngineName
  /** What really computed, adapter included. */
  readonly backend: string
  readonly graphs: number
  /** Graphs that came near a kink, or were lost to rounding, and were drawn again. */
  readonly redrawn: number
  /** A report for each batch in which a graph broke the law, with the smallest such graph. */
  readonly mismatches: readonly string[]
  readonly seconds: number
}

/** Batches are drawn from seeds of their own, so that one that fails can be repeated alone. */
const BATCH = 10
/** Engines hold every program they were given: after so many batches a fresh one is opened. */
const BATCHES = 10
/** Mismatches after which nothing new is to be learned. */
const ENOUGH = 10

/** Every fourth batch is of longer programs over larger tensors. */
const constraints = (batch: number): object => (batch % 4 === 3 ? { maxSteps: 25, maxSize: 5 } : {})

/**
 * Compares an engine with the reference on `graphs` random programs and gradients of such, by the law `enginesAgree`.
 * It runs wherever the engine does; an engine that cannot be opened is a Left, and never counts as agreeing.
 */
export const agreement = async (
  engine: EngineName,
  { graphs, seed }: { readonly graphs: number; readonly seed: number }
): Promise<E.Either<TangentError, Agreement>> => {
  const started = performance.now()
  const mismatches: string[] = []
  let [ran, redrawn, batch, backend] = [0, 0, 0, '']
  while (ran < graphs && mismatches.length < ENOUGH) {
    const opened = await openEngine({ require: engine })()
    if (E.isLeft(opened)) return opened
    backend = opened.right.describe.backend
    for (let i = 0; i < BATCHES && ran < graphs; i++) {
      const runs = Math.min(BATCH, graphs - ran)
      try {
        const report = await enginesAgree(opened.right, { runs, seed: seed + batch, ...constraints(batch) })
        redrawn += report.redrawn
      } catch (error) {
        mismatches.push(messageOf(error))
      }
      ran += runs
      batch++
    }
    await opened.right.dispose()
  }
  return E.right({
    engine,
    backend,
    graphs: ran,
    redrawn,
    mismatches,
    seconds: (performance.now() - started) / 1000
  })
}

/** One line for a person. */
export const showAgreement = (result: E.Either<TangentError, Agreement>): string => {
  if (E.isLeft(result)) return `skipped: ${formatError(result.left)}`
  const { engine, backend, graphs, redrawn, mismatches, seconds } = result.right
  return (
    `${engine}: ${graphs} graphs, ${redrawn} redrawn, ${mismatches.length} mismatches, ` +
    `${seconds.toFixed(1)} s, on ${backend}`
  )
}
