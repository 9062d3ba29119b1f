import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as E from 'fp-ts/lib/Either.js'
import { type Executed, formatError, type TangentError } from '../../lib/index.js'
import { type Candidate, type Case, labelOf, type Outcome, type Ready, type StageTimes } from './candidate.js'
import { deviation } from './check.js'
import { type Summary, summarise } from './statistics.js'

/** What became of one candidate. */
export type Row =
  | {
      /** It could not be opened, or it failed while it ran. */
      readonly _tag: 'Absent' | 'Failed'
      readonly name: string
      readonly threads: number
      readonly reason: string
    }
  | {
      readonly _tag: 'Wrong'
      readonly name: string
      readonly threads: number
      readonly executed: Executed
      readonly reason: string
    }
  | {
      readonly _tag: 'Timed'
      readonly name: string
      readonly threads: number
      readonly executed: Executed
      readonly stages: StageTimes
      readonly firstRun: number
      readonly error: number
      readonly steady: Summary
    }

export interface Effort {
  /** How long the interleaved rounds of one case may take, in ms. */
  readonly budget: number
  readonly rounds: number
}

export const effortOf = (quick: boolean): Effort =>
  quick ? { budget: 5_000, rounds: 3 } : { budget: 60_000, rounds: 30 }

/** Kernels are many and short. */
export const effortOfKernels = (quick: boolean): Effort =>
  quick ? { budget: 500, rounds: 1 } : { budget: 16_000, rounds: 12 }

/** Runs in one turn of a candidate; a slow one gets fewer, so that it does not eat the others' share. */
const runsInTurn = (ms: number): number => Math.max(1, Math.min(5, Math.floor(50 / ms)))

/**
 * Milliseconds in which another candidate's threads stop spinning. ONNX Runtime's workers spin for tens of them: with 10,
 * a session of two threads was 1.9 times slower when it came after another such session than when it ran alone.
 */
const SETTLE = 60

interface Entrant {
  readonly candidate: Candidate
  readonly ready: Ready
  readonly executed: Executed
  readonly firstRun: number
  readonly error: number
  /** Filled while the race runs. */
  readonly times: number[]
  failure?: string
}

const reasonOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

setFlagsFromString('--expose-gc')
/** Collects all garbage: that of one candidate is not collected while another is timed. */
const collect = runInNewContext('gc') as () => void

const turn = async ({ ready, firstRun }: Entrant): Promise<readonly number[]> => {
  collect()
  await pause(SETTLE)
  const warm = await ready.step()
  const times: number[] = []
  for (let left = runsInTurn(Math.min(warm, firstRun)); left > 0; left--) times.push(await ready.step())
  return times
}

/** Every candidate in turn, each round starting with the next one, until the time or the rounds are used up. */
const race = async (entrants: readonly Entrant[], { budget, rounds }: Effort): Promise<void> => {
  const end = performance.now() + budget
  // The round before the first warms up every candidate and is not counted.
  for (let round = -1; round < rounds && (round < 1 || performance.now() < end); round++) {
    for (let i = 0; i < entrants.length; i++) {
      const entrant = entrants[(round + 1 + i) % entrants.length]!
      if (entrant.failure !== undefined) continue
      try {
        const times = await turn(entrant)
        if (round >= 0) entrant.times.push(...times)
      } catch (thrown) {
        entrant.failure = reasonOf(thrown)
      }
    }
  }
}

const showDeviation = (result: string, error: number, tolerance: number): string =>
  `${result} is off by ${error.toExponential(1)}, the bound is ${tolerance.toExponential(1)}`

/** Checks a candidate's results; only one whose results are right comes back as an entrant. */
const enter = async (
  candidate: Candidate,
  opened: E.Either<TangentError, Ready>,
  reference: Outcome,
  tolerance: number
): Promise<E.Either<Row, Entrant>> => {
  const { name, threads } = candidate
  if (E.isLeft(opened)) return E.left({ _tag: 'Absent', name, threads, reason: formatError(opened.left) })
  const ready = opened.right
  try {
    const start = performance.now()
    const { outcome, executed } = await ready.once()
    const firstRun = performance.now() - start
    if (candidate.isBound === true)
      return E.right({ candidate, ready, executed, firstRun, error: NaN, times: [] })
    const { result, error } = deviation(outcome, reference)
    if (error <= tolerance) return E.right({ candidate, ready, executed, firstRun, error, times: [] })
    await ready.dispose()
    return E.left({ _tag: 'Wrong', name, threads, executed, reason: showDeviation(result, error, tolerance) })
  } catch (thrown) {
    await ready.dispose()
    return E.left({ _tag: 'Failed', name, threads, reason: reasonOf(thrown) })
  }
}

const rowOf = ({
  candidate: { name, threads },
  ready,
  executed,
  firstRun,
  error,
  times,
  failure
}: Entrant): Row =>
  failure === undefined
    ? {
        _tag: 'Timed',
        name,
        threads,
        executed,
        stages: ready.stages,
        firstRun,
        error,
        steady: summarise(times)
      }
    : { _tag: 'Failed', name, threads, reason: failure }

/** Opens one candidate, checks its results and times it alone. */
export const measureOne = async (
  candidate: Candidate,
  reference: Outcome,
  tolerance: number,
  effort: Effort
): Promise<Row> => {
  const entered = await enter(candidate, await candidate.open(), reference, tolerance)
  if (E.isLeft(entered)) return entered.left
  await race([entered.right], effort)
  await entered.right.ready.dispose()
  return rowOf(entered.right)
}

/** Checks all candidates of a case, then times those that are right, interleaved in this one process. */
export const measure = async (
  work: Case,
  candidates: readonly Candidate[],
  effort: Effort,
  say: (line: string) => void
): Promise<E.Either<TangentError, readonly Row[]>> => {
  // All are opened before the reference is computed, so that the first to compile does so in a cold process.
  const opened: { readonly candidate: Candidate; readonly ready: E.Either<TangentError, Ready> }[] = []
  for (const candidate of candidates) {
    say(`${work.name}: opening ${labelOf(candidate)}`)
    opened.push({ candidate, ready: await candidate.open() })
  }
  say(`${work.name}: computing the reference`)
  const reference = await work.reference()
  if (E.isLeft(reference)) return reference
  const entered: E.Either<Row, Entrant>[] = []
  for (const { candidate, ready } of opened) {
    say(`${work.name}: checking ${labelOf(candidate)}`)
    entered.push(await enter(candidate, ready, reference.right, work.tolerance))
  }
  const entrants = entered.flatMap((entry) => (E.isRight(entry) ? [entry.right] : []))
  say(`${work.name}: timing ${entrants.length} candidates`)
  await race(entrants, effort)
  for (const { ready } of entrants) await ready.dispose()
  return E.right(entered.map((entry) => (E.isRight(entry) ? rowOf(entry.right) : entry.left)))
}
