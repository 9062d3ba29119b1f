import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { requireWhole } from '../core/check.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { isNdArray, type NdArray, of } from '../core/ndarray.js'
import { leaves, rebuild } from '../core/tree.js'
import { evaluate } from '../graph/evaluate.js'
import { fold, type Key } from '../graph/key.js'
import { loop } from '../graph/loop.js'
import type { Effect, Executed, Program } from '../graph/runner.js'
import { type Concrete, keySpec, spec, type Specs } from '../graph/spec.js'
import { attempt, trace } from '../graph/trace.js'
import * as tree from '../graph/tree.js'
import type { Model } from '../nn/model.js'
import {
  advance,
  type AttackState,
  begin,
  concatRows,
  finish,
  resultOf,
  rowOf,
  type Rows,
  unrolled
} from './iteration.js'
import type {
  AttackBatch,
  AttackResult,
  AttackRun,
  Candidate,
  Iteration,
  PrepareAttack,
  PreparedAttack,
  TracedAttack
} from './run.js'

/** Compiles a traced function on the engine that the effect is given. */
export const compiled =
  <Args extends readonly unknown[], Out>(
    f: (...args: Args) => Out,
    specs: Specs<Args>
  ): Effect<Program<Args, Out>> =>
  (runner) =>
    runner.compile(f, specs)

/** A traced attack as a single program. */
export const prepareWhole =
  (
    attack: <P>(model: Model<P>) => (params: P, batch: AttackBatch, key: Key) => AttackResult
  ): PrepareAttack =>
  <P>(model: Model<P>) =>
  (params: Specs<P>, batch: Specs<AttackBatch>) =>
    pipe(
      compiled((p: P, b: AttackBatch, k: Key) => attack(model)(p, b, k), [params, batch, keySpec]),
      RTE.map(
        (program): PreparedAttack<P> =>
          (p, b, key) =>
            pipe(
              program(p, b, key),
              TE.map(({ value, executed }): AttackRun => ({ ...value, key, executed }))
            )
      )
    )

/**
 * Evaluates a traced result on the host, from arrays that an engine returned. The elements keep the engine's precision: no
 * arithmetic of a result rounds.
 */
export const onHost =
  <Args extends readonly unknown[]>(f: (...args: Args) => AttackResult) =>
  (...args: Concrete<Args>): E.Either<TangentError, Concrete<AttackResult>> =>
    pipe(
      evaluate(f)(...args),
      E.map((result) => {
        const isNarrow = leaves('attack.run', isNdArray, args).every(
          ({ value }) => value.data instanceof Float32Array
        )
        const asReturned = ({ shape, data }: NdArray): NdArray =>
          of(shape, isNarrow ? Float32Array.from(data) : data)
        return rebuild<NdArray, Concrete<AttackResult>>(
          'attack.run',
          isNdArray,
          result,
          leaves('attack.run', isNdArray, result).map(({ value }) => asReturned(value))
        )
      })
    )

/** Whether an attack has succeeded on every sample. */
export const allSucceeded = (success: NdArray): boolean => success.data.every((value) => value !== 0)

/** The compiled programs of an iteration: its start, some steps by their number, and its end. */
interface Programs<P, S, C> {
  readonly start: Program<[P, AttackBatch, Key], AttackState<S>>
  readonly steps: ReadonlyMap<
    number,
    Program<
      [P, AttackBatch, Key, AttackState<S>, readonly C[], readonly Key[]],
      { readonly to: AttackState<S>; readonly rows: Rows }
    >
  >
  readonly end: Program<
    [P, AttackBatch, Key, Pick<AttackState<S>, 'point' | 'best'>],
    { readonly kept: Candidate; readonly rows: Rows }
  >
}

const compileAll = <P, S, C>(
  model: Model<P>,
  iteration: Iteration<S, C>,
  chunk: number,
  params: Specs<P>,
  batch: Specs<AttackBatch>
): Effect<Programs<P, S, C>> => {
  const goalOf = (p: P, b: AttackBatch, k: Key) => iteration.goal(model(p), b, k)
  const start = (p: P, b: AttackBatch, k: Key): AttackState<S> => begin(iteration, goalOf(p, b, k), k)
  const steps = (
    p: P,
    b: AttackBatch,
    k: Key,
    from: AttackState<S>,
    controls: readonly C[],
    keys: readonly Key[]
  ) => {
    const goal = goalOf(p, b, k)
    let to = from
    const rows = controls.map((control, i) => {
      const next = advance(iteration, goal, to, control, keys[i]!)
      to = next.to
      return rowOf(next.seen)
    })
    return { to, rows: concatRows(rows) }
  }
  const end = (p: P, b: AttackBatch, k: Key, from: Pick<AttackState<S>, 'point' | 'best'>) => {
    const { kept, seen } = finish(iteration, goalOf(p, b, k), from)
    return { kept, rows: rowOf(seen) }
  }
  return pipe(
    RTE.Do,
    // every state has the shapes of the first one
    RTE.bind('state', () =>
      RTE.fromEither(
        pipe(
          trace(start, [params, batch, keySpec]),
          E.map(({ out }) =>
            tree.replace<Specs<AttackState<S>>>(
              'attack.prepare',
              out,
              tree.tensors(out).map(({ shape }) => spec(shape))
            )
          )
        )
      )
    ),
    RTE.bind('start', () => compiled(start, [params, batch, keySpec])),
    RTE.bind('steps', ({ state }) =>
      pipe(
        // the chunk's length, and what is left at the end
        [...new Set([chunk, iteration.steps % chunk || chunk])],
        RTE.traverseSeqArray((length) => {
          const places = Array.from({ length }, (_, i) => i)
          const controls = places.map((i): Specs<C> => iteration.schedule(i))
          return pipe(
            compiled(steps, [params, batch, keySpec, state, controls, places.map(() => keySpec)]),
            RTE.map((program) => [length, program] as const)
          )
        }),
        RTE.map((pairs) => new Map(pairs))
      )
    ),
    RTE.bind('end', ({ state: { point, best } }) => compiled(end, [params, batch, keySpec, { point, best }]))
  )
}

/** A run between two programs. */
interface PartialRun<S> {
  readonly steps: number
  readonly state: Concrete<AttackState<S>>
  readonly rows: readonly Concrete<Rows>[]
  readonly executed: Executed
}

/** Runs the compiled programs one after the other. */
const runPrograms =
  <P, S, C>(
    { steps, freeze, schedule }: Iteration<S, C>,
    chunk: number,
    programs: Programs<P, S, C>
  ): PreparedAttack<P> =>
  (params, batch, key: HostKey) => {
    const isOver = ({ state, steps: done }: PartialRun<S>): boolean =>
      freeze && done > 0 && allSucceeded(state.best.success)

    const advanced = (_: number, from: PartialRun<S>): TE.TaskEither<TangentError, PartialRun<S>> => {
      if (isOver(from)) return TE.right(from)
      const length = Math.min(chunk, steps - from.steps)
      const places = Array.from({ length }, (_step, i) => from.steps + i)
      const keys = places.map((step) => fold(step)(key))
      return pipe(
        programs.steps.get(length)!(params, batch, key, from.state, places.map(schedule), keys),
        TE.map(({ value: { to, rows }, executed }) => ({
          steps: from.steps + length,
          state: to,
          rows: [...from.rows, rows],
          executed
        }))
      )
    }
    const ended = ({ state, rows, executed }: PartialRun<S>, isDone: boolean) => {
      const { point, best, zeroGradients, nonFiniteGradients } = state
      return pipe(
        isDone
          ? TE.right({ kept: best, rows })
          : pipe(
              programs.end(params, batch, key, { point, best }),
              TE.map(({ value }) => ({ kept: value.kept, rows: [...rows, value.rows] }))
            ),
        TE.flatMapEither((last) =>
          onHost(resultOf)(last.kept, last.rows, { zeroGradients, nonFiniteGradients })
        ),
        TE.map((result): AttackRun => ({ ...result, key, executed }))
      )
    }
    return pipe(
      programs.start(params, batch, key),
      TE.map(({ value, executed }): PartialRun<S> => ({ steps: 0, state: value, rows: [], executed })),
      TE.flatMap(loop(Math.ceil(steps / chunk), advanced)),
      TE.flatMap((last) => ended(last, isOver(last)))
    )
  }

/**
 * An attack from the parts of an iteration: start, `steps` steps, and the point to keep. Every attack of the library is made
 * by it. As programs it is one for the start, one run again and again for `chunk` steps, one for the rest and one for the
 * last point: state goes in and comes out as arguments, so a thousand steps cost the compile time of `chunk`. A frozen run
 * ends as soon as the attack has succeeded on every sample, and so do its rows.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, nn } from 'tangentflow'
 *
 * // PGD that starts in the middle of the box instead of at a random point
 * const pgd = attack.pgdIteration({ epsilon: 0.1, steps: 3, stepSize: 0.05, keep: 'best' })
 * const centred = attack.iterate({
 *   ...pgd,
 *   start: (goal, key) => ({ ...pgd.start(goal, key), point: attack.ball.projectOnto(goal.norm, goal.ball)(goal.ball.centre) })
 * })
 * const net = nn.serial(nn.dense(3))
 * const batch = { x: ndarray.full([2, 5], 0.5), y: ndarray.of([2], [0, 2]) }
 * const { x } = evaluateOn(centred(net.apply))(net.init(key(0), [5]), batch, key(1))
 * assert.ok(x.data.every((v) => Math.abs(v - 0.5) <= 0.1 + 1e-9))
 */
export const iterate = <S, C>(iteration: Iteration<S, C>): TracedAttack => {
  const whole = unrolled(iteration)
  return Object.assign(whole, {
    programs:
      (chunk: number): PrepareAttack =>
      <P>(model: Model<P>) =>
      (params: Specs<P>, batch: Specs<AttackBatch>) =>
        pipe(
          RTE.fromEither(attempt(() => requireWhole('attack.prepare', 'chunk', chunk, 1))),
          RTE.flatMap(() =>
            iteration.steps > chunk
              ? pipe(
                  compileAll(model, iteration, chunk, params, batch),
                  RTE.map((programs) => runPrograms(iteration, chunk, programs))
                )
              : prepareWhole(whole)(model)(params, batch)
          )
        )
  })
}
