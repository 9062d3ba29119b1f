import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Executed, NdArray, TangentError } from '../../lib/index.js'

/** Named results, all of which are compared with the reference before anything is timed. */
export type Outcome = { readonly [name: string]: NdArray }

/** The time of each stage on the way to a program, in ms; a stage that a candidate does not have is absent. */
export interface StageTimes {
  readonly trace?: number
  readonly differentiate?: number
  readonly optimise?: number
  readonly lower?: number
  /** Where the stages cannot be told apart. */
  readonly compile?: number
}

/** All stages before the first run, in ms. */
export const totalOf = (stages: StageTimes): number | undefined => {
  const { trace, differentiate, optimise, lower, compile } = stages
  const times = [trace, differentiate, optimise, lower, compile].filter((ms) => ms !== undefined)
  return times.length === 0 ? undefined : times.reduce((a, b) => a + b, 0)
}

/** A candidate ready to run. */
export interface Ready {
  readonly stages: StageTimes
  /** Runs once, reads every result back and says who computed it. */
  readonly once: () => Promise<{ readonly outcome: Outcome; readonly executed: Executed }>
  /** Runs once and gives the time it took, in ms. What a framework keeps on its own device may stay there. */
  readonly step: () => Promise<number>
  readonly dispose: () => Promise<void>
}

/** One way of doing a case's work. A Left of `open` says why it is not there, and the bench goes on without it. */
export interface Candidate {
  readonly name: string
  /** The number of threads it is asked to use. */
  readonly threads: number
  /** It does a part of the work only, to be compared with: its results are not checked. */
  readonly isBound?: true
  readonly open: TaskEither<TangentError, Ready>
}

/** `onnx:native / 2` */
export const labelOf = ({ name, threads }: { readonly name: string; readonly threads: number }): string =>
  `${name} / ${threads}`

/** A comparison worth printing: how many times slower `of` is than `to`, at equal thread counts where both have them. */
export interface Comparison {
  readonly of: string
  readonly to: string
  readonly sameThreads: boolean
}

export interface Case {
  readonly name: string
  /** Cases that are asked for together by one name. */
  readonly group?: string
  readonly title: string
  /** The right results, in float64. */
  readonly reference: TaskEither<TangentError, Outcome>
  /** The largest relative L2 error of a result that still counts as right. */
  readonly tolerance: number
  readonly candidates: (threads: readonly number[]) => readonly Candidate[]
  readonly comparisons: readonly Comparison[]
  /** What one step takes, where rates are of interest. */
  readonly work?: CaseWork
  /** Floating-point operations of one step, those of its optimised graph: what its limit is worked out from. */
  readonly flops?: () => number
  /** The fastest that is known for the machine, and whose it is. */
  readonly best?: { readonly name: string; readonly gflops: number }
}

/** Floating-point operations of a step, and the bytes of its operands and results, each once. */
export interface CaseWork {
  readonly flops: number
  readonly bytes: number
}

/** Runs a step and gives its time in ms. */
export const timed = async (step: () => unknown): Promise<number> => {
  const start = performance.now()
  await step()
  return performance.now() - start
}

/** Runs pure work and gives its result with its time in ms. */
export const timedValue = <A>(work: () => A): { readonly value: A; readonly ms: number } => {
  const start = performance.now()
  const value = work()
  return { value, ms: performance.now() - start }
}
