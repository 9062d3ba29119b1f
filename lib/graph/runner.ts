import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { Concrete, Specs } from './spec.js'

/** What really ran a program: never what was asked for, always what executed. */
export interface Executed {
  /** The name by which the engine is asked for, `onnx:native`. */
  readonly engine: string
  /** What it computes with, and its version. */
  readonly backend: string
  /** The number of threads. */
  readonly threads: number
}

/** A result and who computed it. */
export interface Result<Out> {
  /** What the program gave. */
  readonly value: Out
  /** Who computed it. */
  readonly executed: Executed
}

/**
 * A compiled function: concrete arguments in, concrete results out. Arguments are read, not copied: whoever writes to the elements
 * of one before its run has ended changes what the run sees. Results share memory with nothing, and are the caller's.
 */
export type Program<Args extends readonly unknown[], Out> = (
  ...args: Concrete<Args>
) => TaskEither<TangentError, Result<Concrete<Out>>>

/**
 * A compiled step, called on its own state: a state and the inputs of one step and more in, the state after the last and what
 * each of them gave out. See `resident`.
 */
export type Resident<State, In, Out> = (
  state: Concrete<State>,
  inputs: readonly Concrete<In>[]
) => TaskEither<TangentError, Result<readonly [Concrete<State>, readonly Concrete<Out>[]]>>

/**
 * All that pure code sees of an engine: it turns a traced function into a program. Programs are cached by structure, so
 * asking twice for the same function and shapes compiles once.
 */
export interface Runner {
  /**
   * Steps of a long loop that one program had better take, since state goes in and comes back with every program. The numbers
   * stay the same.
   *
   * @defaultValue 1
   */
  readonly unroll?: number
  /** Whether a long `ops.scan` is compiled as a loop, so that a step with an attack in it is a small program. @defaultValue false */
  readonly loops?: boolean
  /** Traces, optimises and lowers a function for arguments of these shapes. */
  readonly compile: <Args extends readonly unknown[], Out>(
    f: (...args: Args) => Out,
    specs: Specs<Args>
  ) => TaskEither<TangentError, Program<Args, Out>>
  /** As `compile`, of a step whose state stays on the device from step to step; only where the engine can. */
  readonly resident?: <State, In, Out>(
    step: (state: State, input: In) => readonly [State, Out],
    specs: Specs<readonly [State, In]>
  ) => TaskEither<TangentError, Resident<State, In, Out>>
}

/** What needs an engine to give its result: a training, an evaluation, a search. It is a ReaderTaskEither of fp-ts. */
export type Effect<A> = (runner: Runner) => TaskEither<TangentError, A>

/**
 * Runs `step(i, state)` for i = 0 … count−1, each on the state the last one left, and stops at the first Left. A loop
 * and not a chain of flatMap, so that ten thousand steps hold no ten thousand promises.
 */
export const loop =
  <Err, S>(count: number, step: (i: number, state: S) => TaskEither<Err, S>) =>
  (start: S): TaskEither<Err, S> =>
  async () => {
    let state = start
    for (let i = 0; i < count; i++) {
      const next = await step(i, state)()
      if (E.isLeft(next)) return next
      state = next.right
    }
    return E.right(state)
  }
